"""Begins trainings, asks them things, and stops jobs."""

from __future__ import annotations

from typing import Any

from dreambooth.actions.asked import asked_flag, asked_text
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.jobs.control import ask_training, begin_training, cancel, resume_training
from dreambooth.jobs.start import ResultFolders
from dreambooth.jobs.trainings import find_asked_training


def train(place: Workplace, values: Values) -> dict[str, Any]:
    """Train ``name``: anew, or with ``resume`` from where it was interrupted."""
    name = asked_text(values, "name")
    if asked_flag(values, "resume"):
        run = resume_training(place.library, name)
    else:
        webui = ResultFolders(place.host.checkpoint_folder(), place.host.lora_folder())
        run = begin_training(place.library, name, webui=webui)
    return {"run": place.library.run_place(run)}


def ask(place: Workplace, values: Values) -> dict[str, Any]:
    """Ask ``request`` of the training ``run``, or of the one of the model ``name``."""
    library = place.library
    if "run" in values:
        run = library.find_run(asked_text(values, "run"))
    else:
        run = find_asked_training(library, asked_text(values, "name"))
    return {"asked": ask_training(run, asked_text(values, "request")), "run": library.run_place(run)}


def cancel_run(place: Workplace, values: Values) -> dict[str, Any]:
    """Stop the job ``run``, at work or waiting."""
    run = place.library.find_run(asked_text(values, "run"))
    cancel(run)
    return {"run": place.library.run_place(run)}


ACTIONS: dict[str, Action] = {"run.train": train, "run.ask": ask, "run.cancel": cancel_run}
