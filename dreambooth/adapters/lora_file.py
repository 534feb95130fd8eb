"""LoRA files in kohya's format, which every webui reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from dreambooth.adapters.kohya_names import ALPHA, DOWN
from dreambooth.adapters.lora import LoraError, lora_weights
from dreambooth.models.export import cast_float, modelspec
from dreambooth.models.family import Model
from dreambooth.models.single_file import Checkpoint, read_checkpoint, write_checkpoint

BASE_VERSIONS = {
    ("sd1", "epsilon"): "sd_v1",
    ("sd1", "v_prediction"): "sd_v1_v",
    ("sd2", "epsilon"): "sd_v2",
    ("sd2", "v_prediction"): "sd_v2_v",
    ("sdxl", "epsilon"): "sdxl_base_v1-0",
    ("sdxl", "v_prediction"): "sdxl_base_v1-0",
}
LEGACY_HASH_BYTES = slice(0x100000, 0x110000)


def save_lora(
    path: Path,
    model: Model,
    metadata: Mapping[str, str],
    dtype: torch.dtype,
    *,
    weights: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the adapters, or ``weights`` by the same names (an average, say), with further ``metadata``."""
    tensors = {
        name: cast_float(name, tensor, dtype).cpu().contiguous()
        for name, tensor in (lora_weights(model) if weights is None else weights).items()
    }
    if not tensors:
        raise LoraError("the model has no LoRA to save")
    told = {**_training_metadata(model, tensors), "ss_output_name": path.stem, **metadata}
    hashes = file_hashes(tensors, {name: value for name, value in told.items() if name.startswith("ss_")})
    write_checkpoint(path, tensors, {**_modelspec(model, path.stem), **told, **hashes})


def read_lora(path: Path) -> Checkpoint:
    """The tensors of a LoRA file."""
    checkpoint = read_checkpoint(path)
    if not any(name.endswith(DOWN) for name in checkpoint.shapes):
        raise LoraError(f"{path.name} is not a LoRA file")
    return checkpoint


def file_hashes(tensors: Mapping[str, Tensor], training_metadata: Mapping[str, str]) -> dict[str, str]:
    """The two hashes by which webuis know a LoRA; the first is of the tensors alone."""
    content = to_bytes(dict(tensors), metadata=dict(training_metadata))
    header_length = int.from_bytes(content[:8], "little")
    return {
        "sshs_model_hash": hashlib.sha256(memoryview(content)[8 + header_length :]).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(content[LEGACY_HASH_BYTES]).hexdigest()[:8],
    }


def _training_metadata(model: Model, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """What every reader needs to know the kind of file."""
    ranks = {tensor.shape[0] for name, tensor in tensors.items() if name.endswith(DOWN)}
    alphas = {tensor.item() for name, tensor in tensors.items() if name.endswith(f".{ALPHA}")}
    return {
        "ss_v2": str(model.architecture.family == "sd2"),
        "ss_base_model_version": BASE_VERSIONS[model.architecture.family, model.predicts],
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(max(ranks)),
        "ss_network_alpha": str(max(alphas)),
        "ss_network_args": "{}",
    }


def _modelspec(model: Model, title: str) -> dict[str, str]:
    of_checkpoint = modelspec(model.architecture)
    return {
        **of_checkpoint,
        "modelspec.architecture": f"{of_checkpoint['modelspec.architecture']}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": title,
        "modelspec.date": datetime.now().replace(microsecond=0).isoformat(),
    }
