"""Writing a model for use elsewhere, by default to where the host looks for such files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.outputs import CHECKPOINTS, LORAS, find_file, find_new_folder
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import RunFolder
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.filling import fill
from dreambooth.config.store import ConfigError
from dreambooth.jobs.asking import prepare_export
from dreambooth.jobs.model_card import find_save


def start(place: Workplace, values: Values) -> dict[str, Any]:
    """Export the model ``name``; the other values are those of its form."""
    return begin(place, prepare(place, values))


def prepare(place: Workplace, values: Values) -> RunFolder:
    """The run, its place found; raises ConfigError for what cannot be written there."""
    name = asked_text(values, "name")
    record = place.library.load(name)
    form = fill(ExportForm, {field: value for field, value in values.items() if field != "name"})
    folder = place.library.folder(name)
    save = find_save(folder, form.weights) if form.weights else None
    has_lora = bool(record.adapter) if save is None else save["is_lora"]
    if form.format.startswith("lora") and not has_lora:
        told = f"step {save['step']} of {name}" if save else name
        raise ConfigError(f"format: {told} has no LoRA; train with an adapter, or export a checkpoint")
    steps = save["step"] if save else record.lifetime_steps
    usual = f"{name}_{steps}" + ("_diffusers" if form.format == "lora_diffusers" else "")
    return prepare_export(place.library, name, form, _find_place(place, form, usual))


def _find_place(place: Workplace, form: ExportForm, usual: str) -> Path:
    if form.format == "diffusers":
        return find_new_folder(form.to)
    folder, endings = place.host.lora_folder(), LORAS
    if form.format == "checkpoint":
        folder, endings = place.host.checkpoint_folder(), CHECKPOINTS
    to = form.to.strip() or f"{usual}.safetensors"
    return find_file(to, folder, endings, overwrite=form.overwrite)


ACTIONS: Mapping[str, Action] = {"export.start": start}
