"""A line about a run: when it began, how far it came and how it ended; read from both ends of its events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dreambooth.config.folders import RunFolder
from dreambooth.events import Event, find_end, line_is, parse_event, read_lines_backwards
from dreambooth.jobs.runs import job_of, time_of

TELL_STEP = ("step", "start")


@dataclass(frozen=True)
class RunSummary:
    """``outcome`` is what its worker wrote; None while there is none."""

    job: str
    started: float  # seconds since 1970
    outcome: str | None
    step: int | None
    num_steps: int | None


def summarize(run: RunFolder) -> RunSummary:
    """What there is to say of a run in a line; kept until its events change."""
    try:
        told = run.events_file.stat()
    except FileNotFoundError:
        return RunSummary(job_of(run), time_of(run), None, None, None)
    return _summarize(run, told.st_ino, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=4096)
def _summarize(run: RunFolder, *_: int) -> RunSummary:
    end = find_end(run)
    step = (end.get("result") if end else None) or _find_last_step(run)
    return RunSummary(
        job=job_of(run),
        started=_find_first_time(run.events_file) or time_of(run),
        outcome=end["outcome"] if end else None,
        step=step.get("step"),
        num_steps=step.get("num_steps"),
    )


def _find_last_step(run: RunFolder) -> Event:
    """The last event that tells of a step, empty when there is none."""
    if not run.path.name.endswith("-train"):
        return {}
    for line in read_lines_backwards(run.events_file):
        if any(line_is(line, kind) for kind in TELL_STEP) and (event := parse_event(line)):
            return event
    return {}


def _find_first_time(events: Path) -> float | None:
    with events.open("rb") as file:
        event = parse_event(file.readline())
    return event.get("time") if event else None
