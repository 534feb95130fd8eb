"""What was found out last, shown as long as it is being found out anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dreambooth.actions.background import Progress

T = TypeVar("T")

MOST_KEPT = 4


@dataclass(frozen=True)
class Seen(Generic[T]):
    """Something as it is, or as it was; None: it was never found out."""

    found: T | None
    is_new: bool


class LastSeen(Generic[T]):
    """The last findings by what they are about; for any number of threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def see(self, about: Hashable, answer: dict[str, Any] | Progress) -> Seen[T]:
        """What background work answers under ``found``, or what it answered before."""
        with self._lock:
            if isinstance(answer, Progress):
                return Seen(self._kept.get(about), is_new=False)
            self._kept[about] = answer["found"]
            self._kept.move_to_end(about)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return Seen(answer["found"], is_new=True)
