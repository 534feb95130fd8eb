"""Work that may take longer than a page waits: it goes on in a thread, and whoever asks again gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")


class NotYet(Exception):
    """The work is under way; ask again."""


class Background:
    """Pieces of work by what they are about; the same one is never done twice at a time."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def result(self, about: Hashable, work: Callable[[], T], wait_seconds: float) -> T:
        """What the work returns or raises; raises NotYet when it takes longer.

        A result is given once, to all who wait for it: whoever asks later has the work done anew.
        """
        with self._lock:
            future = self._under_way.get(about)
            if future is None:
                future = self._under_way[about] = Future()
                threading.Thread(target=self._do, args=(future, work), daemon=True).start()
        wait((future,), wait_seconds)
        if not future.done():
            raise NotYet
        self._forget(about, future)
        done: T = future.result()
        return done

    @staticmethod
    def _do(future: Future[T], work: Callable[[], T]) -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks
            future.set_exception(error)

    def _forget(self, about: Hashable, future: Future[Any]) -> None:
        with self._lock:
            if self._under_way.get(about) is future:
                del self._under_way[about]
            for other in [key for key, each in self._under_way.items() if each.done()]:
                del self._under_way[other]
