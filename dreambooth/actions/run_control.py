"""Begins trainings, asks them things, and stops jobs."""

from __future__ import annotations

from typing import Any

from dreambooth.actions.given import given
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.store import ConfigError
from dreambooth.jobs.control import (
    ask_training,
    begin_training,
    cancel,
    find_asked_training,
    resume_training,
)


def train(place: Workplace, values: Values) -> dict[str, Any]:
    """Train ``name``: anew, or with ``resume`` from where it was interrupted."""
    resumes = values.get("resume", False)
    if not isinstance(resumes, bool):
        raise ConfigError(f"resume must be true or false, and {resumes!r} is not")
    start = resume_training if resumes else begin_training
    return {"run": place.library.run_place(start(place.library, given(values, "name", str)))}


def ask(place: Workplace, values: Values) -> dict[str, Any]:
    """Ask ``request`` of the training ``run``, or of the one of the model ``name``."""
    library = place.library
    if "run" in values:
        run = library.find_run(given(values, "run", str))
    else:
        run = find_asked_training(library, given(values, "name", str))
    return {"asked": ask_training(run, given(values, "request", str)), "run": library.run_place(run)}


def cancel_run(place: Workplace, values: Values) -> dict[str, Any]:
    """Stop the job ``run``, at work or waiting."""
    run = place.library.find_run(given(values, "run", str))
    cancel(run)
    return {"run": place.library.run_place(run)}


ACTIONS: dict[str, Action] = {"run.train": train, "run.ask": ask, "run.cancel": cancel_run}
