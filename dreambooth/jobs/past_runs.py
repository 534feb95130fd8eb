"""The runs that were given last, over all models and tools, and how they ended."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.jobs.follow import LOST
from dreambooth.jobs.library import Library, find_end, read_job
from dreambooth.jobs.start import is_alive

RUN_NAME = re.compile(r"\d{8}-\d{6}-\d{3}-\w+")
STARTING_SECONDS = 60  # so long it may take until a worker holds its lock


def list_runs(library: Library, limit: int) -> list[dict[str, Any]]:
    """The last ``limit`` of them, the latest first; the outcome is None as long as a run is under way."""
    found = [
        path
        for pattern in ("*/runs/*", ".jobs/*")
        for path in library.path.glob(pattern)
        if RUN_NAME.fullmatch(path.name)
    ]
    told: list[dict[str, Any]] = []
    for path in sorted(found, key=lambda path: path.name, reverse=True):
        if len(told) == limit:
            break
        if run := _tell_run(library, RunFolder(path)):
            told.append(run)
    return sorted(told, key=lambda run: run["started"], reverse=True)  # names tell whole seconds


def _tell_run(library: Library, run: RunFolder) -> dict[str, Any] | None:
    """None for a run that is gone, or not yet whole."""
    try:
        asked, given = read_job(run), run.config_file.stat().st_mtime
        is_running = is_alive(run) or (
            not run.events_file.exists() and time.time() - given < STARTING_SECONDS
        )
        end = find_end(run)
    except (OSError, ValueError):
        return None
    if end is None:
        end = {} if is_running else dict(LOST)
    return {
        "run": run.path.relative_to(library.path).as_posix(),
        "job": asked["job"],
        "model": _find_model(run, asked),
        "started": given,
        "ended": end.get("time"),
        "outcome": end.get("outcome"),
        "message": end.get("message"),
    }


def _find_model(run: RunFolder, asked: dict[str, Any]) -> str | None:
    """The name of its model as it is now, or of the one that it was to make; None for tools."""
    if "model_dir" not in asked:
        return None
    return Path(asked["model_dir"]).name if run.path.parent.name == ".jobs" else run.path.parents[1].name
