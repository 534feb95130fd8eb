"""A LoRA file in the names of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.file_facts import family_facts
from dreambooth.adapters.kohya_names import kohya_modules
from dreambooth.adapters.lora_file import lora_modelspec
from dreambooth.adapters.peft_layout import METADATA_KEY, save_diffusers_lora
from dreambooth.adapters.reading import read_adapter
from dreambooth.adapters.weight_change import group_keys
from dreambooth.models.architecture import FULL_SIZE, Architecture
from dreambooth.models.create import read_source
from dreambooth.models.single_file import read_checkpoint
from dreambooth.models.source import expected_shapes
from dreambooth.tools.lora_output import write_lora

Layout = Literal["kohya", "diffusers"]


def convert_lora(path: Path, base: Path | None, layout: Layout, to: Path, dtype: torch.dtype | None) -> int:
    """Write the same adapter in the names of ``layout``; returns the number of its modules.

    ``base`` is a checkpoint of the kind that it is for; without one it must be for one of the usual models.
    """
    if to.suffix != ".safetensors":
        raise AdapterError(f"{to.name} must end with .safetensors")
    architecture = read_source(base).architecture if base else _find_architecture(path)
    file, tensors = read_checkpoint(path), read_adapter(path, architecture)
    kind = dtype or next(tensor.dtype for tensor in tensors.values() if tensor.ndim)
    if layout == "diffusers":
        save_diffusers_lora(to, architecture, tensors, kind)
    else:
        told = {key: text for key, text in file.metadata.items() if key not in (METADATA_KEY, "format")}
        about_base = lora_modelspec(architecture, to.stem) if base else {}
        write_lora(to, tensors, {**family_facts(architecture), **about_base, **told}, kind)
    return len(group_keys(tensors))


def _find_architecture(path: Path) -> Architecture:
    """The usual model that the file is for."""
    for architecture in FULL_SIZE:
        try:
            tensors = read_adapter(path, architecture)
        except AdapterError:
            continue
        if _fits(tensors, architecture):
            return architecture
    raise AdapterError(
        f"{path.name} fits none of the usual models; name a checkpoint of the kind that it is for with --base"
    )


def _fits(tensors: dict[str, Tensor], architecture: Architecture) -> bool:
    """Whether inputs and outputs of the modules that have two plain factors are those of the layers."""
    shapes, places = expected_shapes(architecture), kohya_modules(architecture)
    for module, keys in group_keys(tensors).items():
        weight = shapes[places[module].part][f"{places[module].path}.weight"]
        if "lora_up.weight" in keys:
            up, down = tensors[keys["lora_up.weight"]], tensors[keys["lora_down.weight"]]
            if (up.shape[0], down.shape[1]) != tuple(weight[:2]):
                return False
    return True
