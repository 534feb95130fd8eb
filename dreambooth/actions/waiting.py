"""Answers that take longer than an action may: worked out in a thread, and kept until asked for again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from threading import Lock, Thread
from typing import Any

PATIENCE_SECONDS = 0.2

PENDING = {"pending": True}


class Answers:
    """One kept answer for each key, and the question that it answers."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[Hashable, tuple[Hashable, Future[dict[str, Any]]]] = {}

    def find(
        self, key: Hashable, question: Hashable, work: Callable[[], dict[str, Any]], *, again: bool
    ) -> dict[str, Any]:
        """The answer, or PENDING until it is there. What raised is told once, and tried anew after that.

        ``again`` begins anew unless it is being worked out; so does another question than the one before.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != question or (again and kept[1].done()):
                kept = self._kept[key] = (question, _begin(work))
        try:
            return kept[1].result(timeout=PATIENCE_SECONDS)
        except NotYet:
            return PENDING
        except BaseException:
            with self._lock:
                self._kept.pop(key, None)
            raise


def _begin(work: Callable[[], dict[str, Any]]) -> Future[dict[str, Any]]:
    future: Future[dict[str, Any]] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is asked for
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future
