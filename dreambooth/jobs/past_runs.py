"""The runs that were given last, over all models and tools, and how they ended."""

from __future__ import annotations

from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.jobs.library import Library
from dreambooth.jobs.run_end import find_outcome
from dreambooth.jobs.runs import JOBS, find_model, list_runs, read_job


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
        end = find_outcome(run) or {}
    except (OSError, ValueError):
        return None
    model = find_model(run)
    return {
        "run": library.run_place(run),
        "job": asked["job"],
        "model": model.name if model else None,
        "given": given,
        "ended": end.get("time"),
        "outcome": end.get("outcome"),
        "message": end.get("message"),
    }
