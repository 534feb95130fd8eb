"""Follows a run by its events until it ends, whoever started it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from dreambooth.events import Event, EventReader

POLL_SECONDS = 0.1

LOST: Event = {
    "event": "end",
    "outcome": "lost",
    "message": "the worker died without a word (killed, or out of memory); see worker.log in its run folder",
}


def follow(reader: EventReader, is_running: Callable[[], bool]) -> Iterator[Event]:
    """Events as they come, the last of them an ``end``; a worker that died gets an ``end`` from us."""
    while True:
        was_running = is_running()  # asked before reading: what it says last is read after it is gone
        for event in reader.read():
            yield event
            if event["event"] == "end":
                return
        if not was_running:
            yield dict(LOST)
            return
        time.sleep(POLL_SECONDS)
