"""LoRA files of a few modules, and what they add to the weights."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from dreambooth.adapters.weight_change import group_keys, weight_change
from dreambooth.models.single_file import write_checkpoint

LINEAR = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
CONV = "lora_unet_mid_block_resnets_0_conv1"
TEXT = "lora_te_text_model_encoder_layers_0_mlp_fc1"
SHAPES = {LINEAR: (12, 10), CONV: (12, 10, 3, 3), TEXT: (16, 9)}
METADATA = {
    "ss_base_model_version": "sd_v1",
    "ss_v2": "False",
    "ss_seed": "3",
    "sshs_model_hash": "of another file",
    "modelspec.architecture": "stable-diffusion-v1/lora",
    "modelspec.date": "2020-01-01",
}


def small_lora(seed: int, rank: int = 6, alpha: float = 3.0, shapes=None) -> dict[str, Tensor]:
    """A LoRA of these modules with random weights."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for module, (out, *kernel) in (shapes or SHAPES).items():
        pixel = [1] * (len(kernel) - 1)
        tensors[f"{module}.lora_down.weight"] = torch.randn(rank, *kernel, generator=generator)
        tensors[f"{module}.lora_up.weight"] = torch.randn(out, rank, *pixel, generator=generator)
        tensors[f"{module}.alpha"] = torch.tensor(alpha)
    return tensors


def write_lora_file(path: Path, tensors: dict[str, Tensor], metadata=None) -> Path:
    """The file with its path."""
    write_checkpoint(path, tensors, METADATA if metadata is None else metadata)
    return path


def changes(tensors: dict[str, Tensor], shapes=None) -> dict[str, Tensor]:
    """Module → what it adds."""
    return {
        module: weight_change(
            {suffix: tensors[key] for suffix, key in keys.items()}, torch.zeros((shapes or SHAPES)[module])
        )
        for module, keys in group_keys(tensors).items()
    }


def changes_of(path: Path) -> dict[str, Tensor]:
    """The same of a file."""
    return changes(load_file(path))
