"""What a run says, and what may be asked of it: files in the run's folder, read by every interface alike."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dreambooth.config.folders import RunFolder, written_whole

Request = Literal["stop", "stop_after_epoch", "discard", "pause", "save", "sample"]
REQUESTS: tuple[Request, ...] = ("stop", "stop_after_epoch", "discard", "pause", "save", "sample")
WithValues = Literal["draw", "change"]

Event = dict[str, Any]

BLOCK_BYTES = 1 << 16


def _strict(value: object) -> object:
    """The value as JSON knows it: a number that is none, as a loss can be, becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _strict(inner) for key, inner in value.items()}
    return [_strict(inner) for inner in value] if isinstance(value, list | tuple) else value


class EventWriter:
    """Appends events to a run's file; a line is written by one system call, so no reader sees half of one."""

    def __init__(self, run: RunFolder, path: Path | None = None) -> None:
        """Write to ``path``, the run's own events if none is given."""
        path = path or run.events_file
        path.parent.mkdir(parents=True, exist_ok=True)
        self._close_torn_line(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    @staticmethod
    def _close_torn_line(path: Path) -> None:
        """End a line that an earlier writer left unfinished when the machine went down."""
        if path.exists() and (content := path.read_bytes()) and not content.endswith(b"\n"):
            with path.open("ab") as file:
                file.write(b"\n")

    def write(self, kind: str, **values: object) -> None:
        """One event with its time in seconds since 1970."""
        event = _strict({"event": kind, "time": round(time.time(), 3), **values})
        line = json.dumps(event, ensure_ascii=False, allow_nan=False)
        os.write(self._file, line.encode() + b"\n")

    def close(self) -> None:
        """No more events."""
        os.close(self._file)


@dataclass
class EventReader:
    """Reads a run's events as they come; remembers how far it has read."""

    run: RunFolder
    offset: int = 0

    def read(self) -> Iterator[Event]:
        """Events since the last call; an unfinished or damaged line is left out."""
        if not self.run.events_file.exists():
            return
        with self.run.events_file.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self.offset += len(line)
                if event := parse_event(line):
                    yield event


def read_events(run: RunFolder) -> list[Event]:
    """Everything that a run has said so far."""
    return list(EventReader(run).read())


def read_events_of(run: RunFolder, kind: str) -> list[Event]:
    """The events of one kind, without the cost of parsing the others."""
    if not run.events_file.exists():
        return []
    with run.events_file.open("rb") as file:
        return [event for line in file if line_is(line, kind) and (event := parse_event(line))]


def parse_event(line: bytes) -> Event | None:
    """The event of a line; None for a damaged one."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def line_is(line: bytes, kind: str) -> bool:
    """Whether the line looks like an event of this kind, without the cost of parsing it."""
    return line.startswith(b'{"event": "%s"' % kind.encode())


def read_lines_backwards(path: Path, *, with_unfinished: bool = False) -> Iterator[bytes]:
    """The lines of a file from the last to the first; one without an end only if it is asked for."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        rest, is_last = b"", True
        while position:
            size = min(BLOCK_BYTES, position)
            position -= size
            file.seek(position)
            rest, *lines = (file.read(size) + rest).split(b"\n")
            if is_last and lines:
                unfinished, is_last = lines.pop(), False
                if with_unfinished and unfinished:
                    yield unfinished
            yield from reversed(lines)
        if not is_last or (with_unfinished and rest):
            yield rest


def find_end(run: RunFolder) -> Event | None:
    """How a run ended; None when it has not, or was killed. Whatever is told after an end takes it back."""
    if not run.events_file.exists():
        return None
    for line in read_lines_backwards(run.events_file):
        if event := parse_event(line):
            return event if event["event"] == "end" else None
    return None


def ask(run: RunFolder, request: Request | WithValues, values: Event | None = None) -> None:
    """Ask something of the run; asking twice before it answers is asking once.

    ``draw`` and ``change`` have ``values``: what is to be drawn, and settings by name. The last one counts.
    """
    with written_whole(run.requests / request) as file:
        file.write(str(time.time()) if values is None else json.dumps(values))


def take_requests(run: RunFolder) -> list[Request]:
    """What is asked now; taken, so that it is answered once."""
    taken: list[Request] = []
    for request in REQUESTS:
        path = run.requests / request
        if path.exists():
            path.unlink()
            taken.append(request)
    return taken


def take_drawing(run: RunFolder) -> str | None:
    """What is to be drawn now, as it was written, or None; taken, so that it is answered once."""
    return _take_content(run, "draw")


def take_change(run: RunFolder) -> Event:
    """The settings that are to change now, by name; none when nothing that can be read is asked."""
    content = _take_content(run, "change")
    try:
        values = json.loads(content or "{}")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def read_change(run: RunFolder) -> Event:
    """The change that is asked and not yet taken."""
    path = run.requests / "change"
    try:
        values: Event = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return values


def _take_content(run: RunFolder, request: WithValues) -> str | None:
    path = run.requests / request
    if not path.is_file():
        return None
    content = path.read_text(encoding="utf-8", errors="replace")
    path.unlink()
    return content
