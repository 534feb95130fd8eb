"""A checkpoint with the shapes of the toybox and random weights, under the names of Stable Diffusion 1.5."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dreambooth.models.names import POSITION_IDS, names_of
from dreambooth.toybox.architecture import TOYBOX, build_text_encoder, build_unet, build_vae

METADATA = {"modelspec.resolution": "64x64"}


def build_parts() -> dict[str, nn.Module]:
    """U-Net, VAE and text encoder, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {"unet": build_unet(), "vae": build_vae(), "text_encoder": build_text_encoder()}


def checkpoint_tensors(parts: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Everything that such a file holds, weights in fp16."""
    names = names_of(TOYBOX)
    tensors = {POSITION_IDS: torch.arange(77)[None], "betas": torch.linspace(0.1, 0.2, 1000)}
    for part, module in parts.items():
        tensors |= {name: tensor.half() for name, tensor in names.original(part, module.state_dict()).items()}
    return tensors
