"""Begins trainings, asks them things, and stops jobs."""

from __future__ import annotations

from typing import Any

from dreambooth.actions.asked import asked_flag, asked_mapping, asked_text
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import RunFolder
from dreambooth.config.live import live_values
from dreambooth.config.store import Conflict
from dreambooth.jobs.control import (
    ask_training,
    begin_training,
    cancel,
    change_training,
    current_config,
    keep_changes,
    resume_training,
)
from dreambooth.jobs.runs import find_model
from dreambooth.jobs.start import ResultFolders
from dreambooth.jobs.trainings import find_asked_training, find_changeable, find_unfinished_training


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
    """Ask ``request`` of the training ``run``, or of that of the model ``name``; ``resume`` after a pause."""
    request = asked_text(values, "request")
    if request == "resume":
        return {"asked": request, "run": place.library.run_place(_resume(place, values))}
    run = _find_asked(place, values)
    return {"asked": ask_training(run, request), "run": place.library.run_place(run)}


def _resume(place: Workplace, values: Values) -> RunFolder:
    """Let a training go on, which must be the one of its model that can."""
    if "run" not in values:
        return resume_training(place.library, asked_text(values, "name"))
    run = place.library.find_run(asked_text(values, "run"))
    model = find_model(run)
    if model is None or find_unfinished_training(model) != run:
        raise Conflict("this job cannot go on")
    return resume_training(place.library, model.name)


def _find_asked(place: Workplace, values: Values) -> RunFolder:
    if "run" in values:
        return place.library.find_run(asked_text(values, "run"))
    return find_asked_training(place.library, asked_text(values, "name"))


def show_live(place: Workplace, values: Values) -> dict[str, Any]:
    """What of the training of ``name`` that is under way or paused may change now, and its values."""
    run = find_changeable(place.library, asked_text(values, "name"))
    return {"run": place.library.run_place(run), "values": live_values(current_config(run))}


def change(place: Workplace, values: Values) -> dict[str, Any]:
    """Change ``values``, by name, of the training of ``name``, and with ``keep`` of the model, too."""
    name, changes = asked_text(values, "name"), asked_mapping(values, "values")
    run = find_changeable(place.library, name)
    asked = change_training(run, changes)
    if asked_flag(values, "keep"):
        keep_changes(place.library, name, changes)
    return {"run": place.library.run_place(run), "changed": asked}


def cancel_run(place: Workplace, values: Values) -> dict[str, Any]:
    """Stop the job ``run``, at work or waiting."""
    run = place.library.find_run(asked_text(values, "run"))
    cancel(run)
    return {"run": place.library.run_place(run)}


ACTIONS: dict[str, Action] = {
    "run.train": train,
    "run.ask": ask,
    "run.live": show_live,
    "run.change": change,
    "run.cancel": cancel_run,
}
