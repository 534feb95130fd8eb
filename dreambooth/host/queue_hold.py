"""Holds the webui's queue: what it is drawing is finished first, and what is asked for next waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dreambooth.host.loaded import loaded


@contextmanager
def generation_held() -> Iterator[Callable[[], None]]:
    """Be in the place of a generation; the function, called all the while, also holds a queue made anew."""
    held = loaded("call_queue").queue_lock
    held.acquire()

    def hold_newest() -> None:
        nonlocal held
        newest = loaded("call_queue").queue_lock
        if newest is not held:
            held.release()
            newest.acquire()
            held = newest

    try:
        yield hold_newest
    finally:
        held.release()
