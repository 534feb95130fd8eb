"""Reads what was added to a run's events; of very many steps at once, those that a picture of them needs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from dreambooth.events import Event, parse_event

STEP = b'{"event": "step"'
LOSS = re.compile(rb'"loss": ([^,]*)')
BLOCK_BYTES = 4 << 20
SHORTEST_LINE_BYTES = 250
MOST_SPANS = 1000
WHOLE_BYTES = 64 << 10  # at the end of the file every step is read
PICKED = 3  # steps of a span that are read whatever they say, for averages
SPIKE = "is_spike"  # a step that is told for its loss alone


def read_events_sparsely(path: Path, offset: int) -> Iterator[tuple[int, list[Event]]]:
    """Events from ``offset`` on, in blocks, each with the offset behind it.

    Where more steps were added than a screen has room for, a few of every span of steps are told; besides,
    marked as ``SPIKE``, its lowest and highest loss, and one that is no number. Unfinished and damaged
    lines are left out.
    """
    size = path.stat().st_size
    stride = (size - offset) // SHORTEST_LINE_BYTES // MOST_SPANS
    sparse_to = size - WHOLE_BYTES if stride > 2 else 0
    with path.open("rb") as file:
        file.seek(offset)
        while lines := _read_block(file, min(BLOCK_BYTES, sparse_to - file.tell())):
            yield file.tell(), _choose(lines, stride)
        offset = file.tell()
        for line in file:
            if line.endswith(b"\n"):
                offset += len(line)
                yield offset, _parse([line])


def _read_block(file: IO[bytes], size: int) -> list[bytes]:
    """The lines in the next so many bytes, and the rest of the last one."""
    if size <= 0:
        return []
    lines = (file.read(size) + file.readline()).split(b"\n")
    file.seek(-len(lines.pop()), os.SEEK_CUR)  # unfinished
    return lines


def _parse(lines: Iterable[bytes]) -> list[Event]:
    return [event for line in lines if (event := parse_event(line))]


def _choose(lines: list[bytes], stride: int) -> list[Event]:
    """Of steps in a row those that count, and all other events, in their order."""
    others = [index for index, line in enumerate(lines) if not line.startswith(STEP)]
    chosen: list[Event] = []
    for before, after in zip([-1, *others], [*others, len(lines)], strict=True):
        for first in range(before + 1, after, stride):
            chosen += _choose_steps(lines[first : min(first + stride, after)])
        chosen += _parse(lines[after : after + 1])
    return chosen


def _choose_steps(steps: list[bytes]) -> list[Event]:
    picked = set(range(0, len(steps), -(-len(steps) // PICKED)))
    extremes = _extremes(steps) - picked
    return [
        {**event, SPIKE: True} if index in extremes else event
        for index in sorted(picked | extremes)
        for event in _parse([steps[index]])
    ]


def _extremes(steps: list[bytes]) -> set[int]:
    """Where the lowest and highest loss are, and the first that is none; everywhere, if a line is damaged."""
    losses = _read_losses(b"\n".join(steps))
    if len(losses) != len(steps):
        return set(range(len(steps)))
    known = [(loss, index) for index, loss in enumerate(losses) if loss is not None]
    kept = {losses.index(None)} if len(known) < len(losses) else set()
    if known:
        kept |= {min(known)[1], max(known)[1]}
    return kept


def _read_losses(steps: bytes) -> list[float | None]:
    """The loss of each step, None where it is not a number; fewer or none when a line is damaged."""
    found = LOSS.findall(steps)
    try:
        if b"null" in found:
            return [None if loss == b"null" else float(loss) for loss in found]
        return list(map(float, found))
    except ValueError:
        return []
