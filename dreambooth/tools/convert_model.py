"""A model in another form: a checkpoint file, a folder in diffusers layout, another precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from dreambooth.models.export import Exported, export_checkpoint, export_diffusers_folder
from dreambooth.models.names import is_position_ids
from dreambooth.models.source import Source
from dreambooth.tools.parent import Progress, counted_parts

FILE_SUFFIXES = (".safetensors", ".ckpt")


def convert_model(source: Source, to: Path, dtype: torch.dtype | None, progress: Progress) -> Exported:
    """Write a model as the file ``to``, or as a folder when its name does not end as a checkpoint's does."""
    told = replace(source, parts=counted_parts(source.parts, progress))
    if to.suffix in FILE_SUFFIXES:
        return export_checkpoint(told, {}, to, dtype, {})
    return export_diffusers_folder(told, {}, to, dtype)


def pruned(source: Source) -> Source:
    """Without what is needed neither to draw nor to train: EMA weights, noise schedules, leftovers."""
    kept = {name: plan for name, plan in source.extra.items() if is_position_ids(name)}
    return replace(source, extra=kept)
