"""Checkpoints of a few numbers, under names that real ones have."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.single_file import write_checkpoint
from dreambooth.tools.parent import FIRST_LAYER

LAYER = "model.diffusion_model.out.2.weight"
TEXT = "cond_stage_model.transformer.text_model.final_layer_norm.weight"
POSITIONS = "cond_stage_model.transformer.text_model.embeddings.position_ids"
AVERAGE = "model_ema.diffusion_modelout2weight"


def small_tensors(seed: int, *, inputs: int = 4, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """A first and a last layer, some of a text encoder, and what is no weight."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {FIRST_LAYER: (8, inputs, 3, 3), LAYER: (4, 8), TEXT: (8,)}
    weights = {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()}
    return {**weights, POSITIONS: torch.arange(77)[None], "betas": torch.linspace(0.1, 0.2, 5)}


def write_small(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    """The file with its path."""
    write_checkpoint(path, tensors, metadata or {})
    return path


def quiet(done: int, total: int) -> None:
    """A progress that nobody watches."""
    assert done <= total
