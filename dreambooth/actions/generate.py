"""Drawing with a model: single pictures, also in the middle of its training, and grids of saved steps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from dreambooth.actions.given import given
from dreambooth.actions.starting import begin, tell_run
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.forms.filling import fill
from dreambooth.config.forms.sample import GridForm, LookForm, SampleForm
from dreambooth.config.store import ConfigError
from dreambooth.events import ask
from dreambooth.jobs.asking import prepare_sample
from dreambooth.jobs.library import find_unfinished_training
from dreambooth.jobs.start import is_alive

NOT_FOR_TRAININGS = ("to", "weights", "adapter_weight")


def draw(place: Workplace, values: Values) -> dict[str, Any]:
    """Draw pictures with the model ``name``; the other values are those of its form.

    A training that is under way draws them itself, unless a saved step is to draw.
    """
    name = given(values, "name", str)
    place.library.load(name)
    folder = place.library.folder(name)
    form = fill(SampleForm, _without_name(values))
    training = None if form.weights else _find_training(folder)
    if training is not None:
        _ask_training(training, form)
        return {"asked": "draw", "run": tell_run(place, training)}
    _refuse_impossible(place, name, form, [form.weights])
    return begin(place, prepare_sample(place.library, name, form, _find_folder(folder, form.to)))


def grid(place: Workplace, values: Values) -> dict[str, Any]:
    """Draw the same pictures with several saved steps of the model ``name``; else the values of its form."""
    name = given(values, "name", str)
    place.library.load(name)
    form = fill(GridForm, _without_name(values))
    _refuse_impossible(place, name, form, form.saves)
    to = _find_folder(place.library.folder(name), "")
    return begin(place, prepare_sample(place.library, name, form, to))


def _without_name(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "name"}


def _find_training(folder: ModelFolder) -> RunFolder | None:
    run = find_unfinished_training(folder)
    return run if run is not None and is_alive(run) else None


def _ask_training(run: RunFolder, form: SampleForm) -> None:
    if form.adapter_weight != 1:
        raise ConfigError("adapter_weight: a training draws with what it trains as it is; set 1")
    if form.to:
        raise ConfigError("to: what a training draws lies with the model; leave it empty")
    if (run.requests / "draw").exists():
        raise ConfigError("what was asked for last is not drawn yet; wait for it")
    told = {field.name: getattr(form, field.name) for field in fields(form)}
    ask(run, "draw", {name: value for name, value in told.items() if name not in NOT_FOR_TRAININGS})


def _refuse_impossible(place: Workplace, name: str, form: LookForm, saves: Iterable[str]) -> None:
    """Saved steps that are not there, and a weight where there is nothing to weigh."""
    folder = place.library.folder(name)
    field = "saves" if isinstance(form, GridForm) else "weights"
    wrong = [save for save in saves if save and not _is_saved_step(folder, save)]
    if wrong:
        raise ConfigError("\n".join(f"{field}: {name} has no saved step {save}" for save in wrong))
    if form.adapter_weight != 1 and not any(saves) and not place.library.load(name).adapter:
        raise ConfigError(f"adapter_weight: {name} has no LoRA to weigh; set 1")


def _is_saved_step(folder: ModelFolder, save: str) -> bool:
    path = folder.path / save
    return path.is_file() and path.resolve().parent == folder.checkpoints.resolve()


def _find_folder(folder: ModelFolder, to: str) -> Path:
    if to and not Path(to).is_absolute():
        raise ConfigError("to: write the whole path of the folder")
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return Path(to) if to else folder.samples / "generated" / f"{stamp}-{int(now * 1000) % 1000:03d}"


ACTIONS: Mapping[str, Action] = {"generate.draw": draw, "generate.grid": grid}
