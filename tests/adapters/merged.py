"""The weights that a model and its adapter amount to, by the maths with which files are read."""

from __future__ import annotations

import torch
from torch import Tensor

from dreambooth.adapters.layers import adapted_layers
from dreambooth.adapters.weight_change import weight_change
from dreambooth.models.family import Model
from dreambooth.models.working import read_part


@torch.no_grad()
def merged_weights(model: Model) -> dict[str, dict[str, Tensor]]:
    """Part → diffusers key → tensor, for parts with adapters: the weights in ``working`` and those added."""
    merged: dict[str, dict[str, Tensor]] = {}
    for part, module in model.parts.items():
        layers = adapted_layers(module)
        if not layers:
            continue
        merged[part] = dict(read_part(model.working, part))
        for path, adapted in layers.items():
            weight = merged[part][f"{path}.weight"].float()
            tensors = {suffix: tensor.cpu() for suffix, tensor in adapted.tensors().items()}
            merged[part][f"{path}.weight"] = weight + weight_change(tensors, weight)
    return merged
