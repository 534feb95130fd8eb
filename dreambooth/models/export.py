"""A model as others use it: one checkpoint file, or a folder in diffusers layout."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.family import Model
from dreambooth.models.names import EMA_PREFIX
from dreambooth.models.single_file import CheckpointError, write_checkpoint
from dreambooth.models.streaming import require_space
from dreambooth.models.working import (
    EXTRA_FILE,
    WEIGHT_FILES,
    Weights,
    folder_appearing_whole,
    read_extra,
    read_part,
    write_part,
)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written."""

    path: Path
    num_tensors: int
    num_bytes: int
    moved: Mapping[str, float]  # part → RMS of the change since ``working`` / RMS of the weights there
    num_left_out: int  # stale EMA tensors of the source


def cast_float(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A float tensor in another dtype, others as they are; refuses values that the dtype cannot hold."""
    if not tensor.is_floating_point():
        return tensor
    cast = tensor.detach().to(dtype)
    if cast.isinf().any() and not tensor.isinf().any():
        raise CheckpointError(
            f"{name} has values too large for {dtype}; choose fp32 or bf16".replace("torch.", "")
        )
    return cast


@torch.no_grad()
def relative_change(weights: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> float:
    """RMS of ``weights - before`` over RMS of ``before``, all tensors together."""
    change, size = 0.0, 0.0
    for name, tensor in weights.items():
        old = before[name].to(tensor.device, torch.float32)
        change += (tensor.float() - old).square().sum(dtype=torch.float64).item()
        size += old.square().sum(dtype=torch.float64).item()
    return (change / size) ** 0.5 if size else float("inf") if change else 0.0


def export_checkpoint(
    model: Model, weights: Weights, path: Path, dtype: torch.dtype, metadata: Mapping[str, str]
) -> Exported:
    """Write one ``.safetensors`` or ``.ckpt`` in the names of the original checkpoint.

    Parts that ``weights`` lacks are those in ``working``. What only the source held goes along unchanged;
    its EMA weights are cast, and left out once the U-Net has moved, as they no longer belong to it.
    ``metadata`` overrides what the model says of itself.
    """
    moved = {
        part: relative_change(tensors, read_part(model.working, part)) for part, tensors in weights.items()
    }
    tensors = model.checkpoint_tensors(weights)
    carried = set(read_extra(model.working))
    ema = {name for name in carried if name.startswith(EMA_PREFIX)}
    left_out = ema if moved.get("unet", 0.0) > 0 else set()
    cast = {
        name: tensor if name in carried - ema else cast_float(name, tensor, dtype)
        for name, tensor in tensors.items()
        if name not in left_out
    }
    date = datetime.now().replace(microsecond=0).isoformat()
    told = {**model.export_metadata(), "modelspec.title": path.stem, "modelspec.date": date, **metadata}
    write_checkpoint(path, cast, told)
    return Exported(
        path=path,
        num_tensors=len(cast),
        num_bytes=path.stat().st_size,
        moved=moved,
        num_left_out=len(left_out),
    )


def export_diffusers_folder(model: Model, weights: Weights, folder: Path, dtype: torch.dtype) -> Exported:
    """Write a new folder in diffusers layout; parts that ``weights`` lacks are those in ``working``."""
    moved = {
        part: relative_change(tensors, read_part(model.working, part)) for part, tensors in weights.items()
    }
    parts = {part: weights.get(part, read_part(model.working, part)) for part in WEIGHT_FILES}
    require_space(
        folder.parent,
        sum(tensor.numel() for part in parts.values() for tensor in part.values()) * dtype.itemsize,
    )
    with folder_appearing_whole(folder) as beside:
        skipped = shutil.ignore_patterns(
            EXTRA_FILE, *(Path(file).name for file in WEIGHT_FILES.values()), ".*"
        )
        shutil.copytree(model.working, beside, dirs_exist_ok=True, ignore=skipped)
        for part, tensors in parts.items():
            write_part(
                beside, part, {name: cast_float(name, tensor, dtype) for name, tensor in tensors.items()}
            )
    files = [file for file in folder.rglob("*") if file.is_file()]
    return Exported(
        path=folder,
        num_tensors=sum(len(tensors) for tensors in parts.values()),
        num_bytes=sum(file.stat().st_size for file in files),
        moved=moved,
        num_left_out=0,
    )
