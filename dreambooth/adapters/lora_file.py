"""Adapter files in kohya's format, which every webui reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.file_facts import family_facts, network_facts
from dreambooth.adapters.kohya_names import FILE_FACTS
from dreambooth.adapters.lora import lora_weights
from dreambooth.adapters.weight_change import MAGNITUDE, group_keys, module_kind, with_scale_inside
from dreambooth.models.architecture import Architecture
from dreambooth.models.export import cast_float, modelspec
from dreambooth.models.family import Model
from dreambooth.models.single_file import Checkpoint, read_checkpoint, write_checkpoint

LEGACY_HASH_BYTES = slice(0x100000, 0x110000)
NETWORK_ARGS = "ss_network_args"
ALWAYS = (  # what readers need, and every file tells
    "ss_v2",
    "ss_base_model_version",
    "ss_network_module",
    "ss_network_dim",
    "ss_network_alpha",
    NETWORK_ARGS,
)


def save_lora(path: Path, model: Model, metadata: Mapping[str, str], dtype: torch.dtype) -> None:
    """Write the adapter of a model; ``metadata`` tells of the training."""
    write_lora(path, model.architecture, lora_weights(model), metadata, dtype)


def write_lora(
    path: Path,
    architecture: Architecture,
    weights: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    dtype: torch.dtype,
) -> None:
    """Write an adapter; one that tells nothing of its training (no ``metadata``) keeps back its name too."""
    tensors = {name: cast_float(name, tensor, dtype).cpu().contiguous() for name, tensor in weights.items()}
    if not tensors:
        raise AdapterError("the model has no LoRA to save")
    facts = {**family_facts(architecture), **network_facts(tensors)}
    args = {**json.loads(metadata.get(NETWORK_ARGS, "{}")), **json.loads(facts[NETWORK_ARGS])}
    named = {"ss_output_name": path.stem} if metadata else {}
    told = {**named, **metadata, **facts, NETWORK_ARGS: json.dumps(args)}
    hashes = file_hashes(tensors, {name: value for name, value in told.items() if name.startswith("ss_")})
    write_checkpoint(path, tensors, {**lora_modelspec(architecture, path.stem), **told, **hashes})


def for_hosts(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same adapter as every host reads it: SD.Next scales the lengths of a DoRA by alpha / rank too."""
    told = dict(weights)
    for module, keys in group_keys(weights).items():
        held = {suffix: weights[key] for suffix, key in keys.items()}
        if MAGNITUDE in held:
            told |= {f"{module}.{suffix}": tensor for suffix, tensor in with_scale_inside(held).items()}
    return told


def read_lora(path: Path) -> Checkpoint:
    """The tensors of an adapter file in our own names; `reading.py` reads those of other programs too."""
    checkpoint = read_checkpoint(path)
    try:
        for suffixes in group_keys(checkpoint.shapes).values():
            module_kind(suffixes)
    except AdapterError as error:
        raise AdapterError(f"{path.name} is not a LoRA file: {error}") from None
    return checkpoint


def told_by(path: Path) -> dict[str, str]:
    """What a file tells of its training, for another with the same weights; nothing when it tells nothing."""
    metadata = read_checkpoint(path).metadata
    told = {
        name: value
        for name, value in metadata.items()
        if name.startswith("ss_") and name not in (*ALWAYS, "ss_output_name")
    }
    return {**told, NETWORK_ARGS: metadata.get(NETWORK_ARGS, "{}")} if told else {}


def file_hashes(tensors: Mapping[str, Tensor], training_metadata: Mapping[str, str]) -> dict[str, str]:
    """The two hashes by which webuis know a LoRA; the first is of the tensors alone."""
    content = to_bytes(dict(tensors), metadata=dict(training_metadata))
    header_length = int.from_bytes(content[:8], "little")
    return {
        "sshs_model_hash": hashlib.sha256(memoryview(content)[8 + header_length :]).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(content[LEGACY_HASH_BYTES]).hexdigest()[:8],
    }


def lora_modelspec(architecture: Architecture, title: str) -> dict[str, str]:
    """What a file says of the models that it is for, and of itself."""
    of_checkpoint = modelspec(architecture)
    return {
        **of_checkpoint,
        "modelspec.architecture": f"{of_checkpoint['modelspec.architecture']}/lora",
        "modelspec.implementation": FILE_FACTS[architecture.family].implementation,
        "modelspec.title": title,
        "modelspec.date": datetime.now().replace(microsecond=0).isoformat(),
    }
