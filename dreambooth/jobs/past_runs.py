"""The runs that were given last, over all models and tools, and how they ended."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.events import find_end
from dreambooth.jobs.follow import LOST
from dreambooth.jobs.library import JOBS, Library, list_runs, read_job
from dreambooth.jobs.start import LONGEST_START_SECONDS, is_alive


def list_past_runs(library: Library, limit: int) -> list[dict[str, Any]]:
    """The last ``limit`` of them, the latest first; the outcome is None as long as a run is under way."""
    folders = [library.path / JOBS, *(library.folder(name).runs for name in library.names())]
    found = [run for folder in folders for run in list_runs(folder)]
    told: list[dict[str, Any]] = []
    for run in sorted(found, key=lambda run: run.path.name, reverse=True):
        if len(told) == limit:
            break
        if about := _tell_run(library, run):
            told.append(about)
    return sorted(told, key=lambda about: about["given"], reverse=True)  # names tell whole seconds


def _tell_run(library: Library, run: RunFolder) -> dict[str, Any] | None:
    """None for a run that is gone, or not yet whole."""
    try:
        asked, given = read_job(run), run.config_file.stat().st_mtime
        is_young = not run.events_file.exists() and time.time() - given < LONGEST_START_SECONDS
        is_running = is_alive(run) or is_young
        end = find_end(run)
    except (OSError, ValueError):
        return None
    if end is None:
        end = {} if is_running else dict(LOST)
    return {
        "run": library.run_place(run),
        "job": asked["job"],
        "model": _find_model(run, asked),
        "given": given,
        "ended": end.get("time"),
        "outcome": end.get("outcome"),
        "message": end.get("message"),
    }


def _find_model(run: RunFolder, asked: dict[str, Any]) -> str | None:
    """The name of its model as it is now, or of the one that it was to make; None for tools."""
    if "model_dir" not in asked:
        return None
    return Path(asked["model_dir"]).name if run.path.parent.name == JOBS else run.path.parents[1].name
