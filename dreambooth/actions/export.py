"""Writing a model for use elsewhere, by default to where the host looks for such files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.outputs import CHECKPOINTS, LORAS, find_file, find_new_folder
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import ModelFolder, RunFolder
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
    if form.format == "diffusers":
        return prepare_export(place.library, name, form, find_new_folder(form.to))
    in_host, endings = place.host.lora_folder(), LORAS
    if form.format == "checkpoint":
        in_host, endings = place.host.checkpoint_folder(), CHECKPOINTS
    if not form.to.strip():
        form = replace(form, to=f"{usual}.safetensors")
        if _is_saved_step(in_host / form.to, folder):
            form = replace(form, overwrite=True)
    to = find_file(form.to, in_host, endings, overwrite=form.overwrite)
    return prepare_export(place.library, name, form, to)


def _is_saved_step(file: Path, folder: ModelFolder) -> bool:
    """Whether a file in the host's folder is a saved step by another name: writing over it loses nothing."""
    return file.exists() and any(file.samefile(saved) for saved in folder.checkpoints.glob("*.safetensors"))


ACTIONS: Mapping[str, Action] = {"export.start": start}
