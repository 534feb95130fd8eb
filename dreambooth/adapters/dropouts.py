"""Dropouts of a LoRA that PEFT lacks: of ranks (as kohya has it), and of whole layers.

They draw from torch's global random state, which every step seeds, so a resumed run repeats them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def add_rank_dropout(down: nn.Module, probability: float) -> None:
    """Leave out whole ranks of each example while training, and enlarge the others in return."""

    def drop(module: nn.Module, _: object, projected: Tensor) -> Tensor:
        if not module.training:
            return projected
        is_linear = isinstance(module, nn.Linear)
        num_rows, rank = len(projected), projected.shape[-1 if is_linear else 1]
        kept = torch.rand(num_rows, rank, device=projected.device) >= probability
        between = (1,) * (projected.ndim - 2)
        shape = (num_rows, *between, rank) if is_linear else (num_rows, rank, *between)
        return projected * kept.reshape(shape).to(projected.dtype) / (1 - probability)

    down.register_forward_hook(drop)


def add_module_dropout(up: nn.Module, probability: float) -> None:
    """Leave the layer as it would be without its adapter, now and then while training."""

    def drop(module: nn.Module, _: object, added: Tensor) -> Tensor:
        if not module.training or torch.rand(()) >= probability:
            return added
        return torch.zeros_like(added)

    up.register_forward_hook(drop)


def add_dropouts(layer: Any, adapter: str, rank: float, module: float) -> None:  # noqa: ANN401 - PEFT's layer
    """Both, where asked for, on a LoRA layer of PEFT."""
    if rank:
        add_rank_dropout(layer.lora_A[adapter], rank)
    if module:
        add_module_dropout(layer.lora_B[adapter], module)
