"""Begins a job that is prepared, and tells where its run is."""

from __future__ import annotations

from typing import Any

from dreambooth.actions.workplace import Workplace
from dreambooth.config.folders import RunFolder
from dreambooth.jobs.start import start_worker


def begin(place: Workplace, run: RunFolder) -> dict[str, Any]:
    """Start the worker of a prepared run."""
    start_worker(run)
    return {"run": place.library.run_place(run)}
