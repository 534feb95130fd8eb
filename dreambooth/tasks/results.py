"""Writes what a training has made: into the model folder, and as files for use in a webui."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.adapters.lora import lora_weights
from dreambooth.adapters.lora_file import for_hosts, save_lora, write_lora
from dreambooth.config.editing import update_record
from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ModelRecord, load_record
from dreambooth.models.export import export_checkpoint, export_diffusers_folder, movement
from dreambooth.models.family import Model
from dreambooth.models.working import open_working, save_parts, save_schedule
from dreambooth.tasks.training_metadata import training_metadata
from dreambooth.tools.bake_lora import with_loras
from dreambooth.tools.movement import Movement
from dreambooth.tools.weighted import Weighted
from dreambooth.training.run import Run

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}


def trained_parts(model: Model, parts: Mapping[str, object]) -> dict[str, dict[str, Tensor]]:
    """The live weights of the named parts, as part → diffusers key → tensor."""
    return {part: dict(model.parts[part].state_dict()) for part in parts}


def write_checkpoint_file(run: Run, path: Path, record: ModelRecord) -> Mapping[str, float]:
    """The model of ``record``, or its LoRA, as one file that a webui loads.

    Returns how far each part of a full model has moved from ``working``, relative to the size of its weights.
    """
    learner = run.learner
    dtype = DTYPES[learner.config.saving.dtype]
    with run.with_main_weights():
        if learner.config.adapter != "none":
            weights, told = for_hosts(lora_weights(learner.model)), training_metadata(run, record)
            write_lora(path, learner.model.architecture, weights, told, dtype)
            return {}
        parts = trained_parts(learner.model, learner.parameters)
        before = open_working(learner.model.working)
        before = replace(before, architecture=learner.model.architecture)
        return export_checkpoint(before, parts, path, dtype, {}, average=run.average).moved


def write_snapshot(run: Run, folder: Path, record: ModelRecord) -> None:
    """The whole model as a folder in diffusers layout, an adapter merged into it; an old one goes."""
    learner = run.learner
    dtype, before = DTYPES[learner.config.saving.dtype], open_working(learner.model.working)
    before = replace(before, architecture=learner.model.architecture)
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)  # what a kill left
    if learner.config.adapter == "none":
        with run.with_main_weights():
            export_diffusers_folder(before, trained_parts(learner.model, learner.parameters), beside, dtype)
    else:
        adapter = run.folder.path / "snapshot.safetensors"
        write_checkpoint_file(run, adapter, record)
        export_diffusers_folder(with_loras(before, [Weighted(adapter)], dtype, Movement()), {}, beside, dtype)
        adapter.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def keep_result(run: Run, folder: ModelFolder, before: Mapping[str, int], *, continues_adapter: bool) -> None:
    """Make the run's weights the model's own, and count them in; doing it twice is doing it once.

    ``before`` holds the lifetime steps and epochs of the model when the run began.
    """
    config, model = run.learner.config, run.learner.model
    record = load_record(folder.config_file)
    if record.last_run != run.folder.path.name and not continues_adapter:
        _put_aside(folder, record.lifetime_steps)
    moved: Mapping[str, float] = {}
    with run.with_main_weights():
        if config.adapter != "none":
            save_lora(folder.adapter_file, model, training_metadata(run, record), torch.float32)
        else:
            average = run.average.checkpoint_tensors(model.architecture) if run.average else None
            weights = trained_parts(model, run.learner.parameters)
            moved = movement(open_working(folder.working), weights)
            save_parts(folder.working, weights, average)
            save_schedule(folder.working, model.architecture)
    update_record(
        folder.config_file,
        lambda now: replace(
            now,
            lifetime_steps=before["steps"] + run.step,
            lifetime_epochs=before["epochs"] + run.num_epochs,
            adapter="" if config.adapter == "none" else config.adapter,
            last_run=run.folder.path.name,
            moved=moved if any(moved.values()) else now.moved,  # nothing moves when this is done twice
        ),
    )


def _put_aside(folder: ModelFolder, lifetime_steps: int) -> None:
    """Keep an adapter that the run did not build upon among the backups."""
    backup = folder.backups / f"adapter-{lifetime_steps}.safetensors"
    if folder.adapter_file.exists() and not backup.exists():  # else a kill came between this and the record
        folder.backups.mkdir(parents=True, exist_ok=True)
        shutil.move(folder.adapter_file, backup)
