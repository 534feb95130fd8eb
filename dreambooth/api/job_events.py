"""The events of a run as server-sent events; an event's id is where it ends in the run's file."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from dreambooth.api.endpoint import Asked
from dreambooth.api.schema import TEXT, answer_of, object_of
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError, NotFound
from dreambooth.events import Event, find_end, parse_event
from dreambooth.jobs.run_end import silent_end, was_just_given
from dreambooth.jobs.runs import is_alive

POLL_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0
MOST_BYTES_AT_ONCE = 1 << 18
KEEP_ALIVE = b": still here\n\n"
LARGEST_ID = 2**53
EVENTS_QUERY = object_of(
    {
        "after": {
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_ID,
            "description": "The id of the last event that is known; the header Last-Event-ID wins.",
        }
    }
)
EVENT = answer_of(id=TEXT, event=TEXT, data={**TEXT, "description": "The event as in the run's file, JSON."})
# Hosts compress what they send, and would hold events back until a block is full.
HEADERS = {"cache-control": "no-store", "content-encoding": "identity", "x-accel-buffering": "no"}


def stream_events(asked: Asked, run: RunFolder) -> Response:
    """An answer that goes on until the run's end, or until nobody listens; a bad id raises ConfigError."""
    offset = _asked_id(asked)
    size = run.events_file.stat().st_size if run.events_file.exists() else 0
    if offset > size:
        raise NotFound(f"there is no event {offset}")
    if offset == size and find_end(run) is not None:
        return Response(status_code=204)  # which tells a browser not to ask again
    reader = _Reader(run, offset)
    return StreamingResponse(_tell(reader), media_type="text/event-stream", headers=HEADERS)


def _asked_id(asked: Asked) -> int:
    told = asked.request.headers.get("last-event-id", "")
    if not told:
        return int(asked.query.get("after", 0))
    if not (told.isascii() and told.isdigit() and int(told[:17]) <= LARGEST_ID):
        raise ConfigError("Last-Event-ID: must be the id of an event")
    return int(told)


@dataclass
class _Reader:
    """Reads on in a run's events, a block at a time."""

    run: RunFolder
    offset: int

    def read(self) -> tuple[bytes, bool]:
        """What is new, written as server-sent events, and whether it was the last."""
        was_alive = is_alive(self.run)  # asked before reading: what it says last is read after it is gone
        told = bytearray()
        for event in self._read_block():
            told += _write(event, self.offset)
            if event["event"] == "end":
                return bytes(told), self._is_last()
        if told or was_alive or self._is_starting():
            return bytes(told), False
        return _write(silent_end(self.run), self.offset), True

    def _read_block(self) -> Iterator[Event]:
        try:
            with self.run.events_file.open("rb") as file:
                file.seek(self.offset)
                lines = file.readlines(MOST_BYTES_AT_ONCE)
        except FileNotFoundError:
            return
        for line in lines:
            if not line.endswith(b"\n"):
                return
            self.offset += len(line)
            if event := parse_event(line):
                yield event

    def _is_last(self) -> bool:
        """Whether nothing was said behind the end: a training that goes on takes it back."""
        return self.run.events_file.stat().st_size <= self.offset

    def _is_starting(self) -> bool:
        return not self.run.events_file.exists() and was_just_given(self.run)


def _write(event: Event, number: int) -> bytes:
    return (
        f"id: {number}\nevent: {event['event']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
    )


async def _tell(reader: _Reader) -> AsyncIterator[bytes]:
    """Nothing is held for a slow listener: the next block is read when the last one was taken."""
    last = time.monotonic()
    yield KEEP_ALIVE  # so that whoever asked knows at once that somebody answers
    while True:
        told, is_last = await run_in_threadpool(reader.read)
        if told:
            yield told
            last = time.monotonic()
        if is_last:
            return
        if not told:
            await asyncio.sleep(POLL_SECONDS)
            if time.monotonic() - last > KEEP_ALIVE_SECONDS:
                yield KEEP_ALIVE
                last = time.monotonic()
