"""What was found out about files, kept in memory as long as they stay as they are."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

# A file that was written so lately may be written again without another time: some disks count in 2 s.
SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class Version:
    """What tells one content of a file from the next without reading it."""

    mtime_ns: int
    size_bytes: int

    @property
    def is_settled(self) -> bool:
        """Whether another content would show in the time."""
        return time.time_ns() - self.mtime_ns > SETTLED_NS


def read_version(path: Path) -> Version:
    """The version of a file now; raises OSError."""
    status = path.stat()
    return Version(status.st_mtime_ns, status.st_size)


class FileMemory(Generic[T]):
    """The last used facts about files, as many as weigh no more than ``limit``; for any number of threads."""

    def __init__(self, limit: int, weigh: Callable[[T], int] = lambda _: 1) -> None:
        self.limit = limit
        self._weigh = weigh
        self._known: OrderedDict[tuple[Path, Hashable], tuple[Version, T]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def recall(self, path: Path, find_out: Callable[[], T], about: Hashable = None) -> T:
        """What is known of the file about something, else what ``find_out`` says; raises OSError."""
        version = read_version(path)
        key = (path, about)
        with self._lock:
            if key in self._known and self._known[key][0] == version:
                self._known.move_to_end(key)
                return self._known[key][1]
        fact = find_out()
        if version.is_settled:
            with self._lock:
                self._keep(key, version, fact)
        return fact

    def remember(self, path: Path, version: Version, fact: T, about: Hashable = None) -> None:
        """Take over what somebody found out of this version of the file, unless something is known."""
        with self._lock:
            if (path, about) not in self._known:
                self._keep((path, about), version, fact)

    def find(self, path: Path, about: Hashable = None) -> tuple[Version, T] | None:
        """What is known of the file, whether or not it has changed since, and of which version."""
        with self._lock:
            return self._known.get((path, about))

    def _keep(self, key: tuple[Path, Hashable], version: Version, fact: T) -> None:
        if key in self._known:
            self._weight -= self._weigh(self._known.pop(key)[1])
        self._known[key] = (version, fact)
        self._weight += self._weigh(fact)
        while self._weight > self.limit:
            _, (_, oldest) = self._known.popitem(last=False)
            self._weight -= self._weigh(oldest)
