"""Narrow models of every family with random weights, as their checkpoints hold them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.architecture import (
    STABLE_DIFFUSION_15,
    STABLE_DIFFUSION_21,
    STABLE_DIFFUSION_XL,
    Architecture,
    TextArchitecture,
)
from dreambooth.models.configs import build_without_weights
from dreambooth.models.export import modelspec
from dreambooth.models.names import SD2_TEXT, SDXL_TEXT_2, names_of
from dreambooth.models.single_file import write_checkpoint

_CLIP = TextArchitecture(kind="clip", width=64, mlp_width=128, layers=3)
_NARROW = {"vae_widths": (32, 32, 32, 32), "native_resolution": 64}
SD1 = replace(
    STABLE_DIFFUSION_15,
    unet_widths=(32, 64, 128, 128),
    context_width=64,
    text_encoders=(_CLIP,),
    **_NARROW,
)
SD2 = replace(
    STABLE_DIFFUSION_21,
    unet_widths=(32, 64, 128, 128),
    context_width=64,
    text_encoders=(replace(_CLIP, kind="open_clip"),),
    **_NARROW,
)
SDXL = replace(
    STABLE_DIFFUSION_XL,
    unet_widths=(32, 64, 128),
    unet_depths=(0, 1, 2),
    context_width=192,
    vector_width=128 + 6 * 32,
    text_encoders=(
        _CLIP,
        TextArchitecture(kind="open_clip", width=128, mlp_width=256, layers=4, projection_width=128),
    ),
    **_NARROW,
)
FAMILIES = {"sd1": SD1, "sd2": SD2, "sdxl": SDXL}
FAMILIES |= {f"{name} inpainting": replace(tiny, unet_inputs=9) for name, tiny in FAMILIES.items()}


def original_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """What such a checkpoint holds, with the block that SD 2 does not use and what else OpenCLIP has."""
    names = names_of(architecture)
    shapes: dict[str, tuple[int, ...]] = {}
    for part, module in build_without_weights(architecture).items():
        shapes |= {name: tuple(t.shape) for name, t in names.original(part, module.state_dict()).items()}
    if architecture.family == "sdxl":
        return {**shapes, f"{SDXL_TEXT_2}logit_scale": ()}
    if architecture.family == "sd1":
        return shapes
    text = architecture.text_encoders[0]
    last, unused = (f"{SD2_TEXT}transformer.resblocks.{text.layers - n}." for n in (1, 0))
    shapes |= {unused + name.removeprefix(last): shape for name, shape in shapes.items() if last in name}
    return {**shapes, f"{SD2_TEXT}text_projection": (text.width, text.width), f"{SD2_TEXT}logit_scale": ()}


def random_tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """A tensor for each name; the norms' weights near one."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: 0.1 * torch.randn(shape, generator=generator)
        + (1.0 if len(shape) == 1 and name.endswith("weight") else 0.0)
        for name, shape in shapes.items()
    }


def write_tiny(path: Path, architecture: Architecture) -> Path:
    """A checkpoint of this architecture, always the same."""
    write_checkpoint(path, random_tensors(original_shapes(architecture)), modelspec(architecture))
    return path
