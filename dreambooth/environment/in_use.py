"""Says that an environment is in use, for as long as a process runs in it.

A copy of this file lies in every environment and runs when its Python starts, whatever it was started for. It
imports nothing but the standard library, and may be run by any version of it. The lock is a file beside the
environment, which the system frees when the process ends.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = ".in-use"
_EVERY_PROCESS = 0x7FFFFFFF
_held: list[int] = []


def hold() -> None:
    """Hold the lock of the environment that this process runs in, together with all others."""
    try:
        file = os.open(sys.prefix + ENDING, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError:  # whoever may not write there cannot keep it from being removed either
        return
    while not _try_lock(file, alone=False):  # for a moment, while somebody looks whether it is in use
        time.sleep(0.05)
    _held.append(file)


@contextmanager
def unused(environment: str) -> Iterator[bool]:
    """Whether no process runs in the environment; then none that comes is heard until this ends."""
    file = os.open(environment + ENDING, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _try_lock(file, alone=True)
    finally:
        os.close(file)


def _try_lock(file: int, *, alone: bool) -> bool:
    try:
        if sys.platform == "win32":
            # There is no shared lock, so that each process takes a byte of its own.
            import msvcrt

            os.lseek(file, 0 if alone else os.getpid(), os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, _EVERY_PROCESS if alone else 1)
        else:
            import fcntl

            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
