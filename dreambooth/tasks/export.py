"""Writes a model for use elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.adapters.lora_file import for_hosts, read_lora, told_by, write_lora
from dreambooth.adapters.peft_layout import save_diffusers_lora
from dreambooth.config.folders import find_newest_sample
from dreambooth.config.store import ModelRecord
from dreambooth.models.averages import with_average
from dreambooth.models.export import export_checkpoint, export_diffusers_folder
from dreambooth.models.source import Source
from dreambooth.models.working import open_working
from dreambooth.tasks.cards import build_card, preview_file, write_card, write_preview
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.results import DTYPES
from dreambooth.tasks.saved_steps import find_saved_step, read_saved_checkpoint
from dreambooth.tools.bake_lora import with_loras
from dreambooth.tools.movement import Movement
from dreambooth.tools.weighted import Weighted


@dataclass(frozen=True)
class _Wanted:
    """The weights to write: those of the model as it is, or of one of its saved steps."""

    source: Source
    adapter: Path | None
    steps: int
    preview: Path | None
    moved: Mapping[str, float]  # by the training that made them


def export(job: Job) -> dict[str, Any]:
    """A checkpoint, the LoRA alone, or a folder in diffusers layout; the model itself is never loaded."""
    path, form, dtype = Path(job.asked["to"]), job.asked["format"], DTYPES[job.asked["dtype"]]
    if path.exists() and not job.asked.get("overwrite", True):
        raise Refused(f"{path} exists already; choose another name, or overwrite it")
    record = job.load_record()
    wanted = (
        _find_saved(job, job.asked["weights"]) if job.asked.get("weights") else _find_current(job, record)
    )
    if job.asked.get("use_ema") and (wanted.adapter is not None or form.startswith("lora")):
        raise Refused("an adapter holds one set of weights; averaged weights are of full models")
    if form.startswith("lora"):
        _export_adapter(job, path, record, wanted)
        return {"path": str(path), "format": form, "bytes": path.stat().st_size}
    source, movement = wanted.source, Movement()
    if job.asked.get("use_ema"):
        source = with_average(source)
    if wanted.adapter is not None:
        source = with_loras(source, [Weighted(wanted.adapter)], dtype, movement)
    if form == "checkpoint":
        exported = export_checkpoint(source, {}, path, dtype, {})
        _write_beside(path, record, wanted, is_adapter=False)
    else:
        exported = export_diffusers_folder(source, {}, path, dtype)
    return {
        "path": str(path),
        "format": form,
        "bytes": exported.num_bytes,
        "tensors": exported.num_tensors,
        "moved": movement.moved or dict(wanted.moved),
    }


def _find_current(job: Job, record: ModelRecord) -> _Wanted:
    folder = job.model_folder
    return _Wanted(
        source=open_working(folder.working),
        adapter=folder.adapter_file if record.adapter else None,
        steps=record.lifetime_steps,
        preview=find_newest_sample(folder),
        moved=record.moved,
    )


def _find_saved(job: Job, weights: str) -> _Wanted:
    step, source = find_saved_step(job.model_folder, weights), open_working(job.model_folder.working)
    preview = preview_file(step.path)
    return _Wanted(
        source=read_saved_checkpoint(step, source.architecture) if step.is_checkpoint else source,
        adapter=None if step.is_checkpoint else step.path,
        steps=step.num_steps or 0,
        preview=preview if preview.is_file() else None,
        moved={},
    )


def _export_adapter(job: Job, path: Path, record: ModelRecord, wanted: _Wanted) -> None:
    if wanted.adapter is None:
        told = f"{job.asked['weights']} of " if job.asked.get("weights") else ""
        raise Refused(
            f"{told}{job.model_folder.name} has no LoRA: train with adapter=lora, or export a checkpoint"
        )
    architecture, dtype = wanted.source.architecture, DTYPES[job.asked["dtype"]]
    weights = read_lora(wanted.adapter).tensors
    if job.asked["format"] == "lora_diffusers":
        save_diffusers_lora(path, architecture, weights, dtype)
    else:
        told_of = told_by(wanted.adapter) if record.config.saving.metadata else {}
        write_lora(path, architecture, for_hosts(weights), told_of, dtype)
    _write_beside(path, record, wanted, is_adapter=True)


def _write_beside(result: Path, record: ModelRecord, wanted: _Wanted, *, is_adapter: bool) -> None:
    """The card of a file, and the newest preview of its weights when there is one."""
    card = build_card(record.config, record.family, record.source, wanted.steps, is_adapter=is_adapter)
    write_card(result, card)
    if wanted.preview:
        write_preview(result, wanted.preview)
