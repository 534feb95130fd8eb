"""A line about a run: when it began, how far it came and how it ended; read from both ends of its events."""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.events import Event, find_end, line_is, parse_event, read_lines_backwards
from dreambooth.jobs.library import Library, find_unfinished_training, list_runs
from dreambooth.jobs.start import is_alive

TELL_STEP = ("step", "start")


@dataclass(frozen=True)
class RunSummary:
    """Of a run without an end ``outcome`` is None; it is alive, was killed, or never began."""

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


def job_of(run: RunFolder) -> str:
    """The job by the name of the run."""
    return run.path.name.split("-", 3)[-1]


def time_of(run: RunFolder) -> float:
    """When the job was given, by the name of the run; 0 for other names."""
    try:
        return float(calendar.timegm(time.strptime(run.path.name[:15], "%Y%m%d-%H%M%S")))
    except ValueError:
        return 0.0


def find_interrupted(library: Library, name: str) -> dict[str, Any] | None:
    """The model's training that can go on, and the step that it came to; None when there is none."""
    run = find_unfinished_training(library.folder(name))
    if run is None or is_alive(run):
        return None
    summary = summarize(run)
    return {"run": library.run_place(run), "step": summary.step or 0, "num_steps": summary.num_steps}


def find_last_trained(folder: ModelFolder) -> float | None:
    """When the model was last at training; None when it never was."""
    told = (run.events_file for run in reversed(list_runs(folder.runs, "train")))
    last = next((events for events in told if events.exists()), None)
    return last.stat().st_mtime if last else None
