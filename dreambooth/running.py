"""A run on the command line: started or joined, and shown until it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.console import Console
from dreambooth.events import Event, EventReader, ask, take_requests
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import is_alive, job_of
from dreambooth.jobs.start import prepare_tool, start_worker


def run_to_end(run: RunFolder, console: Console, reader: EventReader | None = None) -> Event:
    """Start a worker for the run, or join the one that is at work, and show what it says until it ends.

    ``reader`` is where to begin when the worker was started already; else only what is new is shown. Ctrl-C
    asks the run to stop; a second one leaves it running by itself, as KeyboardInterrupt.
    """
    is_started = reader is not None
    reader = reader or at_end(run)
    is_running: Callable[[], bool] = partial(is_alive, run)
    worker = None
    if not is_started and not is_running():
        take_requests(run)  # what was asked of a worker that is gone
        worker = start_worker(run)
        is_running = lambda: worker.poll() is None  # noqa: E731 - knows of its death before the lock does
    try:
        return _show_until_end(reader, is_running, console)
    except KeyboardInterrupt:
        console.say("stopping …")
        ask(run, "stop")
        if worker is not None and job_of(run) != "train":  # a training answers requests, and saves
            worker.terminate()
        return _show_until_end(reader, is_running, console)


def at_end(run: RunFolder) -> EventReader:
    """Reads what is told from now on."""
    return EventReader(run, run.events_file.stat().st_size if run.events_file.exists() else 0)


def _show_until_end(reader: EventReader, is_running: Callable[[], bool], console: Console) -> Event:
    for event in follow(reader, is_running):
        if event["event"] == "end":
            return event
        console.show(event)
    raise RuntimeError("events ended without an end")


def run_job(
    run: RunFolder,
    console: Console,
    tell: Mapping[str, Callable[[dict[str, Any]], str]],
    reader: EventReader | None = None,
) -> int:
    """Run to the end, and say of the result what ``tell`` has for the outcome."""
    try:
        end = run_to_end(run, console, reader)
    except KeyboardInterrupt:
        return console.end({"event": "end", "outcome": "stopped", "message": f"left running: {run.path}"})
    if "result" in end and end["outcome"] in tell:
        console.say(tell[end["outcome"]](end["result"]))
    return console.end(end)


def run_tool(
    library: Library,
    job: str,
    values: Mapping[str, Any],
    console: Console,
    describe: Callable[[dict[str, Any]], str],
) -> int:
    """A job that belongs to no model."""
    return run_job(prepare_tool(library, job, values), console, {"done": describe})
