"""Follows a run by its events until it ends, whoever started it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from dreambooth.events import Event, EventReader
from dreambooth.jobs.run_end import silent_end

POLL_SECONDS = 0.1


def follow(reader: EventReader, is_running: Callable[[], bool]) -> Iterator[Event]:
    """Events as they come, the last of them an ``end``; a worker that died gets an ``end`` from us."""
    while True:
        was_running = is_running()  # asked before reading: what it says last is read after it is gone
        for event in reader.read():
            yield event
            if event["event"] == "end":
                return
        if not was_running:
            yield silent_end(reader.run)
            return
        time.sleep(POLL_SECONDS)
