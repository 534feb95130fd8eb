"""Another VAE in the place of a checkpoint's own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.detect import detect_architecture
from dreambooth.models.export import cast_float
from dreambooth.models.from_checkpoint import read_vae
from dreambooth.models.names import names_of
from dreambooth.models.streaming import Planned
from dreambooth.tools.movement import Movement
from dreambooth.tools.parent import Parent, written_dtype


def replaced_vae(
    parent: Parent, vae: Path, dtype: torch.dtype | None, movement: Movement
) -> dict[str, Planned]:
    """The VAE in the file ``vae``, by the names and in the shapes that the parent has for its own."""
    architecture = detect_architecture(parent.shapes, parent.metadata, "epsilon")
    weights, names = read_vae(vae, architecture), names_of(architecture)
    planned: dict[str, Planned] = {}
    for name, (key,) in names.origins("vae", weights).items():
        kind = written_dtype(parent, name, dtype)
        make = partial(_make, name, weights[key], kind, parent, movement)
        planned[name] = Planned(kind, parent.shapes[name], make)
    return planned


def _make(name: str, plan: Planned, dtype: torch.dtype, parent: Parent, movement: Movement) -> Tensor:
    written = cast_float(name, plan.make(), dtype).reshape(parent.shapes[name])
    movement.add(name, written, cast_float(name, parent.tensor(name), dtype))
    return written
