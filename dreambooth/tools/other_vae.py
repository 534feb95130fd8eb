"""Another VAE in the place of a checkpoint's own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.architecture import build_without_weights
from dreambooth.models.create import names_of, read_vae
from dreambooth.models.detect import detect_architecture
from dreambooth.models.export import cast_float
from dreambooth.models.streaming import Planned
from dreambooth.tools.movement import Movement
from dreambooth.tools.parent import Parent, written_dtype


def replaced_vae(
    parent: Parent, vae: Path, dtype: torch.dtype | None, movement: Movement
) -> dict[str, Planned]:
    """The VAE in the file ``vae``, by the names and in the shapes that the parent has for its own."""
    architecture = detect_architecture(parent.shapes, parent.metadata, "epsilon")
    names = names_of(architecture)
    expected = build_without_weights(architecture)["vae"].state_dict()
    weights = read_vae(vae, {key: tuple(tensor.shape) for key, tensor in expected.items()}, names)
    planned: dict[str, Planned] = {}
    for name, shape in parent.shapes.items():
        for home in names.find(name):
            if home.part == "vae" and home.key in weights:
                kind = written_dtype(parent, name, dtype)
                tensor = cast_float(name, weights[home.key], kind).reshape(shape)
                planned[name] = Planned(kind, shape, partial(_take, name, tensor, parent, movement))
    return planned


def _take(name: str, tensor: Tensor, parent: Parent, movement: Movement) -> Tensor:
    movement.add(name, tensor, cast_float(name, parent.tensor(name), tensor.dtype))
    return tensor
