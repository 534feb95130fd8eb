"""The trainings of a model: the one under way, the one that can go on, the last."""

from __future__ import annotations

from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.store import Conflict
from dreambooth.events import find_end
from dreambooth.jobs.library import Library
from dreambooth.jobs.run_summary import summarize
from dreambooth.jobs.runs import is_alive, list_runs


def find_living_training(folder: ModelFolder) -> RunFolder | None:
    """The model's training that is under way, or waits."""
    return next((run for run in list_runs(folder.runs, "train") if is_alive(run)), None)


def find_asked_training(library: Library, name: str) -> RunFolder:
    """The same; raises ConfigError when there is none."""
    library.load(name)
    folder = library.folder(name)
    run = find_living_training(folder)
    if run is None and (last := find_unfinished_training(folder)) and is_paused(last):
        raise Conflict(f"{name} is paused: let it resume first, or train it anew")
    if run is None:
        raise Conflict(f"{name} is not being trained now")
    return run


def find_unfinished_training(folder: ModelFolder) -> RunFolder | None:
    """The latest training of the model that began, unless it is done or was discarded."""
    for run in reversed(list_runs(folder.runs, "train")):
        if not run.config_file.exists() or not run.events_file.exists():
            continue  # half written, or killed before its first word
        end = find_end(run)
        outcome = None if end is None else end["outcome"]
        if outcome == "refused" and not run.state.exists():
            continue  # what never began does not stand before an earlier one
        return None if outcome in ("done", "discarded") else run
    return None


def is_paused(run: RunFolder) -> bool:
    """Whether a training was paused, and has not gone on since."""
    end = find_end(run)
    return end is not None and end["outcome"] == "paused" and not is_alive(run)


def find_changeable(library: Library, name: str) -> RunFolder:
    """The model's training that is under way or paused; raises ConfigError when there is none."""
    run = find_unfinished_training(library.folder(name))
    return run if run is not None and is_paused(run) else find_asked_training(library, name)


def find_resumable(library: Library, name: str) -> RunFolder:
    """The training to go on with; raises ConfigError when there is none."""
    library.load(name)
    run = find_unfinished_training(library.folder(name))
    if run is None:
        raise Conflict(f"{name} has no interrupted training; train it without --resume")
    return run


def find_interrupted(library: Library, name: str) -> dict[str, Any] | None:
    """The model's training that can go on, and the step that it came to; None when there is none."""
    run = find_unfinished_training(library.folder(name))
    if run is None or is_alive(run):
        return None
    summary = summarize(run)
    return {
        "run": library.run_place(run),
        "step": summary.step or 0,
        "num_steps": summary.num_steps,
        "is_paused": summary.outcome == "paused",
    }


def find_last_training(folder: ModelFolder) -> RunFolder | None:
    """The one that was given last."""
    return next(reversed(list_runs(folder.runs, "train")), None)


def find_last_trained(folder: ModelFolder) -> float | None:
    """When the model was last at training; None when it never was."""
    told = (run.events_file for run in reversed(list_runs(folder.runs, "train")))
    last = next((events for events in told if events.exists()), None)
    return last.stat().st_mtime if last else None
