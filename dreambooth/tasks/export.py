"""Writes a model for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dreambooth.adapters.lora_file import for_hosts, read_lora, told_by, write_lora
from dreambooth.adapters.peft_layout import save_diffusers_lora
from dreambooth.config.folders import find_newest_sample
from dreambooth.config.store import ModelRecord
from dreambooth.models.architecture import Architecture
from dreambooth.models.export import export_checkpoint, export_diffusers_folder
from dreambooth.models.working import open_working
from dreambooth.tasks.cards import build_card, write_card, write_preview
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.results import DTYPES
from dreambooth.tools.bake_lora import with_loras
from dreambooth.tools.movement import Movement
from dreambooth.tools.weighted import Weighted


def export(job: Job) -> dict[str, Any]:
    """A checkpoint, the LoRA alone, or a folder in diffusers layout; the model itself is never loaded."""
    path, form, dtype = Path(job.asked["to"]), job.asked["format"], DTYPES[job.asked["dtype"]]
    if path.exists() and not job.asked.get("overwrite", True):
        raise Refused(f"{path} exists already; choose another name, or overwrite it")
    record, source = job.load_record(), open_working(job.model_folder.working)
    if form.startswith("lora"):
        if not record.adapter:
            raise Refused(
                f"{job.model_folder.name} has no LoRA: train with adapter=lora, or export a checkpoint"
            )
        _export_adapter(job, path, record, source.architecture)
        return {"path": str(path), "format": form, "bytes": path.stat().st_size}
    movement = Movement()
    if record.adapter:
        source = with_loras(source, [Weighted(job.model_folder.adapter_file)], dtype, movement)
    if form == "checkpoint":
        exported = export_checkpoint(source, {}, path, dtype, {})
        _write_beside(job, path, record, is_adapter=False)
    else:
        exported = export_diffusers_folder(source, {}, path, dtype)
    return {
        "path": str(path),
        "format": form,
        "bytes": exported.num_bytes,
        "tensors": exported.num_tensors,
        "moved": movement.moved or dict(record.moved),
    }


def _export_adapter(job: Job, path: Path, record: ModelRecord, architecture: Architecture) -> None:
    file, dtype = job.model_folder.adapter_file, DTYPES[job.asked["dtype"]]
    weights = read_lora(file).tensors
    if job.asked["format"] == "lora_diffusers":
        save_diffusers_lora(path, architecture, weights, dtype)
    else:
        told = told_by(file) if record.config.saving.metadata else {}
        write_lora(path, architecture, for_hosts(weights), told, dtype)
    _write_beside(job, path, record, is_adapter=True)


def _write_beside(job: Job, result: Path, record: ModelRecord, *, is_adapter: bool) -> None:
    """The card of a file, and the model's newest preview when there is one."""
    card = build_card(
        record.config, record.family, record.source, record.lifetime_steps, is_adapter=is_adapter
    )
    write_card(result, card)
    if picture := find_newest_sample(job.model_folder):
        write_preview(result, picture)
