"""The folder ``working/``: a model in diffusers layout, plus what only the original checkpoint had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.config.folders import WEIGHT_FILES
from dreambooth.models.architecture import Architecture
from dreambooth.models.configs import read_architecture
from dreambooth.models.descriptions import write_scheduler
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.from_folder import read_folder
from dreambooth.models.names import EMA_PREFIX
from dreambooth.models.single_file import CheckpointError, read_checkpoint, write_checkpoint
from dreambooth.models.source import Source, planned_tensor
from dreambooth.models.streaming import Planned, write_safetensors

TORCH_FORMAT = {"format": "pt"}  # transformers refuses files that do not say it
EXTRA_FILE = "extra.safetensors"
Weights = Mapping[str, Mapping[str, Tensor]]  # part → diffusers key → tensor


def read_part(working: Path, part: str) -> Mapping[str, Tensor]:
    """A part's weights, each read when it is asked for."""
    return read_checkpoint(working / WEIGHT_FILES[part]).tensors


def read_extra(working: Path) -> Mapping[str, Tensor]:
    """Tensors of the original checkpoint that have no place in diffusers, by their original names."""
    path = working / EXTRA_FILE
    return read_checkpoint(path).tensors if path.exists() else {}


def write_part(working: Path, part: str, weights: Mapping[str, Planned]) -> None:
    """Write a part's weights; the file appears complete or not at all."""
    write_safetensors(working / WEIGHT_FILES[part], weights, TORCH_FORMAT)


def open_working(working: Path) -> Source:
    """The model in our own folder, with what of its checkpoint has no place in diffusers."""
    source = read_folder(working, Wishes())
    path = working / EXTRA_FILE
    if not path.exists():
        return source
    kept = read_checkpoint(path)
    return replace(source, extra={name: planned_tensor(kept, name) for name in kept.shapes})


def save_parts(working: Path, weights: Weights, average: Mapping[str, Tensor] | None = None) -> None:
    """Write trained weights back, in fp32, with exactly the names and shapes that the folder has.

    ``average``, of the U-Net by its names in checkpoints, takes the place of an EMA that the folder holds.
    """
    for part, tensors in weights.items():
        known = read_checkpoint(working / WEIGHT_FILES[part]).shapes
        if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != dict(known):
            raise CheckpointError(f"the weights given for {part} are not those of the model in {working}")
        write_part(working, part, {name: _in_float32(tensor) for name, tensor in tensors.items()})
    if "unet" in weights:
        _replace_average(working, average or {})


def save_schedule(working: Path, architecture: Architecture) -> None:
    """Write down the noise schedule that a model has learnt."""
    if read_architecture(working) != architecture:
        write_scheduler(working, architecture)


def _in_float32(tensor: Tensor) -> Planned:
    return Planned(torch.float32, tuple(tensor.shape), lambda: tensor.to(torch.float32))


def _replace_average(working: Path, average: Mapping[str, Tensor]) -> None:
    """Keep another EMA than the source's, which is one of weights that the U-Net no longer has, or none."""
    extra = read_extra(working)
    kept = {name: tensor for name, tensor in extra.items() if not name.startswith(EMA_PREFIX)}
    if average or len(kept) < len(extra):
        write_checkpoint(working / EXTRA_FILE, {**kept, **average}, {})
