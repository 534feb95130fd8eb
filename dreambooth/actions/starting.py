"""Begins a job that is prepared, and tells where its run is."""

from __future__ import annotations

from threading import Thread
from typing import Any

from dreambooth.actions.workplace import Workplace
from dreambooth.config.folders import RunFolder
from dreambooth.jobs.start import start_worker


def begin(place: Workplace, run: RunFolder) -> dict[str, Any]:
    """Start the worker of a prepared run; the path of the run is relative to the models folder."""
    worker = start_worker(run)
    Thread(target=worker.wait, daemon=True).start()  # else it stays in the system's table when it has ended
    return {"run": tell_run(place, run)}


def tell_run(place: Workplace, run: RunFolder) -> str:
    """A run as the page names it."""
    return run.path.relative_to(place.library.path).as_posix()
