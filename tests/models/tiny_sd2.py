"""A narrow Stable Diffusion 2 that predicts v, with random weights, as its checkpoint holds it."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from dreambooth.models.architecture import STABLE_DIFFUSION_21, Architecture, TextArchitecture
from dreambooth.models.configs import build_without_weights
from dreambooth.models.names import names_of

TEXT = "cond_stage_model.model."
TINY = replace(
    STABLE_DIFFUSION_21,
    unet_widths=(32, 64, 128, 128),
    vae_widths=(32, 32, 32, 32),
    context_width=64,
    text_encoders=(TextArchitecture(kind="open_clip", width=64, mlp_width=128, layers=3),),
    native_resolution=64,
)
METADATA = {"modelspec.resolution": "64x64", "modelspec.prediction_type": "v"}


def original_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """What such a checkpoint holds, with the block that is not used and what else OpenCLIP has."""
    names = names_of(architecture)
    shapes: dict[str, tuple[int, ...]] = {}
    for part, module in build_without_weights(architecture).items():
        shapes |= {name: tuple(t.shape) for name, t in names.original(part, module.state_dict()).items()}
    text = architecture.text_encoders[0]
    last, unused = (f"{TEXT}transformer.resblocks.{text.layers - n}." for n in (1, 0))
    shapes |= {unused + name.removeprefix(last): shape for name, shape in shapes.items() if last in name}
    return {**shapes, f"{TEXT}text_projection": (text.width, text.width), f"{TEXT}logit_scale": ()}


def random_tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """A tensor for each name; the norms' weights near one."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: 0.1 * torch.randn(shape, generator=generator)
        + (1.0 if len(shape) == 1 and name.endswith("weight") else 0.0)
        for name, shape in shapes.items()
    }
