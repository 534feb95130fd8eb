"""Drawing with a model: single pictures, also in the middle of its training, and grids of saved steps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.forms.filling import fill
from dreambooth.config.forms.sample import GridForm, LookForm, SampleForm
from dreambooth.config.store import Busy, ConfigError
from dreambooth.events import ask
from dreambooth.jobs.asking import prepare_sample
from dreambooth.jobs.trainings import find_living_training

NOT_FOR_TRAININGS = ("to", "weights", "adapter_weight")


def draw(place: Workplace, values: Values) -> dict[str, Any]:
    """Draw pictures with the model ``name``; the other values are those of its form.

    A training that is under way draws them itself, unless a saved step is to draw.
    """
    name = asked_text(values, "name")
    place.library.load(name)
    form = fill(SampleForm, _without_name(values))
    training = find_drawer(place.library.folder(name), form)
    if training is None:
        return begin(place, prepare_pictures(place, name, form))
    _ask_training(training, form)
    return {"asked": "draw", "run": place.library.run_place(training)}


def grid(place: Workplace, values: Values) -> dict[str, Any]:
    """Draw the same pictures with several saved steps of the model ``name``; else the values of its form."""
    name = asked_text(values, "name")
    place.library.load(name)
    return begin(place, prepare_grid(place, name, fill(GridForm, _without_name(values))))


def _without_name(values: Values) -> dict[str, Any]:
    return {field: value for field, value in values.items() if field != "name"}


def find_drawer(folder: ModelFolder, form: SampleForm) -> RunFolder | None:
    """The training that can draw the pictures, if one is under way and the model as it is draws them."""
    return None if form.weights else find_living_training(folder)


def prepare_pictures(place: Workplace, name: str, form: SampleForm) -> RunFolder:
    """The run that draws pictures of one prompt; raises ConfigError for what cannot be drawn."""
    folder = place.library.folder(name)
    _refuse_missing(folder, "weights", [form.weights])
    _refuse_idle_weight(place, name, form, [form.weights])
    if form.to and not Path(form.to).is_absolute():
        raise ConfigError("to: write the whole path of the folder")
    to = Path(form.to) if form.to else _find_own_folder(folder)
    return prepare_sample(place.library, name, form, to)


def prepare_grid(place: Workplace, name: str, form: GridForm) -> RunFolder:
    """The run that draws a grid; raises ConfigError for what cannot be drawn."""
    folder = place.library.folder(name)
    _refuse_missing(folder, "saves", form.saves)
    _refuse_idle_weight(place, name, form, form.saves)
    return prepare_sample(place.library, name, form, _find_own_folder(folder))


def _ask_training(run: RunFolder, form: SampleForm) -> None:
    if form.adapter_weight != 1:
        raise ConfigError("adapter_weight: a training draws with what it trains as it is; set 1")
    if form.to:
        raise ConfigError("to: what a training draws lies with the model; leave it empty")
    if (run.requests / "draw").exists():
        raise Busy("what was asked for last is not drawn yet; wait for it")
    told = {field.name: getattr(form, field.name) for field in fields(form)}
    ask(run, "draw", {name: value for name, value in told.items() if name not in NOT_FOR_TRAININGS})


def _refuse_missing(folder: ModelFolder, field: str, saves: Iterable[str]) -> None:
    if wrong := [save for save in saves if save and not _is_saved_step(folder, save)]:
        raise ConfigError("\n".join(f"{field}: {folder.name} has no saved step {save}" for save in wrong))


def _is_saved_step(folder: ModelFolder, save: str) -> bool:
    path = folder.path / save
    return path.is_file() and path.resolve().parent == folder.checkpoints.resolve()


def _refuse_idle_weight(place: Workplace, name: str, form: LookForm, saves: Iterable[str]) -> None:
    """What a saved step holds its job finds out; the model as it is tells it at once."""
    if form.adapter_weight != 1 and not any(saves) and not place.library.load(name).adapter:
        raise ConfigError(f"adapter_weight: {name} has no LoRA to weigh; set 1")


def _find_own_folder(folder: ModelFolder) -> Path:
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return folder.samples / "generated" / f"{stamp}-{int(now * 1000) % 1000:03d}"


ACTIONS: Mapping[str, Action] = {"generate.draw": draw, "generate.grid": grid}
