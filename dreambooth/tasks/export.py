"""Writes a model for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dreambooth.adapters.lora import lora_weights, merged_weights
from dreambooth.adapters.lora_file import for_hosts, save_lora, told_by
from dreambooth.adapters.peft_layout import save_diffusers_lora
from dreambooth.config.store import ModelRecord
from dreambooth.models.export import export_checkpoint, export_diffusers_folder
from dreambooth.models.working import open_working
from dreambooth.tasks.cards import build_card, find_newest_sample, write_card, write_preview
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.prepare import load_trained_model
from dreambooth.tasks.results import DTYPES


def export(job: Job) -> dict[str, Any]:
    """A checkpoint, the LoRA alone, or a folder in diffusers layout."""
    path, form, dtype = Path(job.asked["to"]), job.asked["format"], DTYPES[job.asked["dtype"]]
    record = job.load_record()
    has_adapter = bool(record.adapter)
    if form.startswith("lora") and not has_adapter:
        raise Refused(f"{job.model_folder.name} has no LoRA: train with adapter=lora, or export a checkpoint")
    model = load_trained_model(job)
    if form == "lora":
        tells = record.config.saving.metadata
        told = told_by(job.model_folder.adapter_file) if tells else {}
        save_lora(path, model, told, dtype, weights=for_hosts(lora_weights(model)))
    if form == "lora_diffusers":
        save_diffusers_lora(path, model.architecture, lora_weights(model), dtype)
    if form.startswith("lora"):
        _write_beside(job, path, record, is_adapter=True)
        return {"path": str(path), "format": form, "bytes": path.stat().st_size}
    weights = merged_weights(model) if has_adapter else {}
    source = open_working(model.working)
    if form == "checkpoint":
        exported = export_checkpoint(source, weights, path, dtype, {})
        _write_beside(job, path, record, is_adapter=False)
    else:
        exported = export_diffusers_folder(source, weights, path, dtype)
    return {
        "path": str(path),
        "format": form,
        "bytes": exported.num_bytes,
        "tensors": exported.num_tensors,
        "moved": dict(exported.moved or record.moved),
    }


def _write_beside(job: Job, result: Path, record: ModelRecord, *, is_adapter: bool) -> None:
    """The card of a file, and the model's newest preview when there is one."""
    card = build_card(
        record.config, record.family, record.source, record.lifetime_steps, is_adapter=is_adapter
    )
    write_card(result, card)
    if picture := find_newest_sample(job.model_folder):
        write_preview(result, picture)
