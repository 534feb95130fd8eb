"""Runs as folders: which there are, what was asked of each, and whether somebody is at work on it."""

from __future__ import annotations

import calendar
import json
import os
import time
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.locks import is_locked

JOBS = ".jobs"  # in a models folder: runs of jobs that belong to no model


def list_runs(runs: Path, job: str = "") -> list[RunFolder]:
    """The runs in a folder of runs, the latest last; of one kind of job, or all."""
    try:
        names = sorted(
            entry.name for entry in os.scandir(runs) if entry.name.endswith(f"-{job}" if job else "")
        )
    except OSError:
        return []
    return [RunFolder(runs / name) for name in names]


def job_of(run: RunFolder) -> str:
    """The job by the name of the run."""
    return run.path.name.split("-", 3)[-1]


def time_of(run: RunFolder) -> float:
    """When the job was given, by the name of the run; 0 for other names."""
    try:
        return float(calendar.timegm(time.strptime(run.path.name[:15], "%Y%m%d-%H%M%S")))
    except ValueError:
        return 0.0


def read_job(run: RunFolder) -> dict[str, Any]:
    """What a run was asked to do."""
    asked: dict[str, Any] = json.loads(run.config_file.read_text(encoding="utf-8"))
    return asked


def find_model(run: RunFolder) -> ModelFolder | None:
    """The model that a run is about, as it is named now, or is to be made; None for tools."""
    if run.path.parent.name == "runs":
        return ModelFolder(run.path.parent.parent)
    try:
        model_dir = read_job(run).get("model_dir")
    except (OSError, ValueError):  # gone, or not yet whole
        return None
    return ModelFolder(Path(os.path.normpath(run.path / model_dir))) if model_dir else None


def is_alive(run: RunFolder) -> bool:
    """Whether a worker is at work on this run."""
    return is_locked(run.lock_file)
