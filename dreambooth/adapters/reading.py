"""Adapter files of any program by our own names: kohya's layout, with either U-Net names, and diffusers'."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import Place, known_modules, kohya_name
from dreambooth.adapters.peft_layout import find_place, magnitude_of_outputs, read_told, told_alpha
from dreambooth.adapters.weight_change import ALPHA, MAGNITUDE, group_keys, module_kind
from dreambooth.models.architecture import Architecture
from dreambooth.models.single_file import Checkpoint, read_checkpoint

_OTHER_SUFFIXES = {"lora_A.weight": "lora_down.weight", "lora_B.weight": "lora_up.weight"}


def read_adapter(path: Path, architecture: Architecture) -> dict[str, Tensor]:
    """The adapter in a file, by the names that we would write; raises AdapterError when it is for another."""
    checkpoint = read_checkpoint(path)
    found = {key: _find(key, architecture) for key in checkpoint.shapes}
    if unknown := [key for key, place in found.items() if place is None]:
        raise AdapterError(
            f"{path.name} is no adapter for this kind of model: {len(unknown)} of its {len(found)} tensors "
            f"belong to no layer, e.g. {unknown[0]}"
        )
    tensors: dict[str, Tensor] = {}
    for key, place_and_suffix in found.items():
        if place_and_suffix is not None:
            place, suffix = place_and_suffix
            tensors[f"{kohya_name(architecture, place)}.{suffix}"] = checkpoint.tensors[key]
    if any(find_place(key) for key in checkpoint.shapes):
        tensors |= _told_by_diffusers(checkpoint, architecture, tensors)
    for suffixes in group_keys(tensors).values():
        module_kind(suffixes)
    return tensors


def _find(key: str, architecture: Architecture) -> tuple[Place, str] | None:
    module, _, suffix = key.partition(".")
    known = known_modules(architecture)
    if module in known:
        return known[module], _OTHER_SUFFIXES.get(suffix, suffix)
    found = find_place(key)
    return found if found and found[0] in known.values() else None


def _told_by_diffusers(
    checkpoint: Checkpoint, architecture: Architecture, tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Alphas from the metadata, and lengths of a DoRA in the shape that they have with us."""
    more: dict[str, Tensor] = {}
    known, told = known_modules(architecture), read_told(checkpoint.metadata)
    for name, keys in group_keys(tensors).items():
        alpha = told_alpha(told, known[name])
        if ALPHA not in keys and alpha is not None:
            more[f"{name}.{ALPHA}"] = torch.tensor(alpha)
        if MAGNITUDE in keys:
            is_linear = tensors[keys["lora_down.weight"]].ndim == 2
            more[keys[MAGNITUDE]] = magnitude_of_outputs(tensors[keys[MAGNITUDE]], is_linear=is_linear)
    return more
