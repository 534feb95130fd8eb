"""One process at a time changes the folder of the environments."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dreambooth.environment import place
from dreambooth.environment.problems import ForeignFolder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Whoever locks this file may change the folder; that it exists says that the folder is ours to change.
HOLD_FILE = "dreambooth.lock"
_POLL_SECONDS = 0.5


def require_ours(folder: Path) -> None:
    """Raises ForeignFolder when the folder holds what somebody else put there."""
    if folder.exists() and not (folder / HOLD_FILE).exists() and any(folder.iterdir()):
        raise ForeignFolder(
            f"{folder} holds something that this program did not make, so it is left alone: "
            f"move it away, or name another folder in the variable {place.VARIABLE}."
        )


@contextmanager
def hold(folder: Path, waiting: Callable[[], None]) -> Iterator[int]:
    """Keep other processes out; the system lets go when the holder and its commands have ended.

    ``waiting`` is called once when another process is in there.
    """
    with (folder / HOLD_FILE).open("a") as file:
        if not try_hold(file.fileno()):
            waiting()
            while not try_hold(file.fileno()):
                time.sleep(_POLL_SECONDS)
        yield file.fileno()


@contextmanager
def hold_if_free(folder: Path) -> Iterator[bool]:
    """The same if nobody is in there; whether that is so."""
    with (folder / HOLD_FILE).open("a") as file:
        yield try_hold(file.fileno())


def is_held(folder: Path) -> bool:
    """Whether somebody changes the folder now."""
    if not (folder / HOLD_FILE).exists():
        return False
    try:
        with hold_if_free(folder) as is_free:
            return not is_free
    except OSError:  # where nobody may write nobody changes anything
        return False


def try_hold(file: int) -> bool:
    """Whether the open file could be locked."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
