"""Locks between processes: held by an open file, so the system frees them when a process dies."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _is_free(file: IO[bytes]) -> bool:
        return _try_lock(file)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_free(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: several may look at the same time
        except BlockingIOError:
            return False
        return True


@contextmanager
def file_lock(
    path: Path, waiting: Callable[[], None], still_waiting: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold the lock; ``waiting`` is called once when another process has it, ``still_waiting`` ever after."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not _try_lock(file):
            waiting()
            while not _try_lock(file):
                still_waiting()
                time.sleep(POLL_SECONDS)
        yield


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    if not path.exists():
        return False
    with path.open("ab") as file:
        return not _is_free(file)
