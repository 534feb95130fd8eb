"""Writes a model for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dreambooth.adapters.lora import merged_weights
from dreambooth.adapters.lora_file import save_lora
from dreambooth.models.export import export_checkpoint, export_diffusers_folder
from dreambooth.models.working import open_working
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.prepare import load_trained_model
from dreambooth.tasks.results import DTYPES


def export(job: Job) -> dict[str, Any]:
    """A checkpoint, the LoRA alone, or a folder in diffusers layout."""
    path, form, dtype = Path(job.asked["to"]), job.asked["format"], DTYPES[job.asked["dtype"]]
    has_adapter = bool(job.load_record().adapter)
    model = load_trained_model(job)
    if form == "lora":
        if not has_adapter:
            raise Refused(
                f"{job.model_folder.name} has no LoRA: train with adapter=lora, or export a checkpoint"
            )
        save_lora(path, model, {"ss_sd_model_name": job.load_record().source}, dtype)
        return {"path": str(path), "format": form, "bytes": path.stat().st_size}
    weights = merged_weights(model) if has_adapter else {}
    source = open_working(model.working)
    if form == "checkpoint":
        exported = export_checkpoint(source, weights, path, dtype, {})
    else:
        exported = export_diffusers_folder(source, weights, path, dtype)
    return {
        "path": str(path),
        "format": form,
        "bytes": exported.num_bytes,
        "tensors": exported.num_tensors,
        "moved": dict(exported.moved),
    }
