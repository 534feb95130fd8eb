"""Where each part's weights are in an original checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from dreambooth.models.keys import (
    Modules,
    inverse,
    is_vae_attention_weight,
    open_clip_modules,
    open_clip_stacks,
    rename,
    unet_modules,
    vae_modules,
)

TEXT_PREFIX = "cond_stage_model.transformer."
POSITION_IDS = TEXT_PREFIX + "text_model.embeddings.position_ids"
OPEN_CLIP_PREFIX = "cond_stage_model.model."
EMA_PREFIX = "model_ema."


@dataclass(frozen=True)
class Home:
    """Where a tensor of an original checkpoint goes: all of it, or one of the three that it stacks."""

    part: str
    key: str  # in diffusers
    third: int | None = None  # 0, 1, 2: query, key, value

    def source_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in the checkpoint of what has ``shape`` in diffusers."""
        return shape if self.third is None else (3 * shape[0], *shape[1:])

    def take(self, tensor: Tensor) -> Tensor:
        """What of the checkpoint's tensor belongs here."""
        return tensor if self.third is None else tensor.chunk(3)[self.third]


@dataclass(frozen=True)
class CheckpointNames:
    """For each part a table of modules, original → diffusers, prefixes included."""

    modules: Mapping[str, Modules]
    stacks: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)  # part → original → three

    def find(self, key: str) -> tuple[Home, ...]:
        """What an original name becomes; nothing when no part has a place for it."""
        for part, stacks in self.stacks.items():
            if key in stacks:
                return tuple(Home(part, inner, third) for third, inner in enumerate(stacks[key]))
        for part, table in self.modules.items():
            name = rename(key, table)
            if name is not None:
                return (Home(part, name),)
        return ()

    def original(self, part: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A part's weights, diffusers name → tensor, as the original checkpoint has them."""
        table = inverse(self.modules[part])
        renamed: dict[str, Tensor] = {}
        for original, inner in self.stacks.get(part, {}).items():
            if found := [weights[key] for key in inner if key in weights]:
                renamed[original] = torch.cat(found)
        stacked = {key for inner in self.stacks.get(part, {}).values() for key in inner}
        for key, tensor in weights.items():
            if key in stacked:
                continue
            name = rename(key, table)
            if name is None:
                raise KeyError(f"{key} has no place in the {part} of an original checkpoint")
            is_flat = part == "vae" and is_vae_attention_weight(key) and tensor.ndim == 2
            renamed[name] = tensor[:, :, None, None] if is_flat else tensor
        return renamed


def sd1_names(
    attention: Sequence[bool], unet_resnets: int, vae_levels: int, vae_resnets: int
) -> CheckpointNames:
    """Stable Diffusion 1.x: ``model.diffusion_model``, ``first_stage_model``, ``cond_stage_model``."""
    return CheckpointNames(
        {
            "unet": _prefixed("model.diffusion_model.", unet_modules(attention, unet_resnets)),
            "vae": _prefixed("first_stage_model.", vae_modules(vae_levels, vae_resnets)),
            "text_encoder": {f"{TEXT_PREFIX}text_model": "text_model"},
        }
    )


def sd2_names(
    attention: Sequence[bool], unet_resnets: int, vae_levels: int, vae_resnets: int, text_layers: int
) -> CheckpointNames:
    """Stable Diffusion 2.x: as 1.x, but the text encoder is OpenCLIP's; its last block is not used."""
    modules = sd1_names(attention, unet_resnets, vae_levels, vae_resnets).modules
    text = _prefixed(OPEN_CLIP_PREFIX, open_clip_modules(text_layers))
    stacks = {OPEN_CLIP_PREFIX + name: inner for name, inner in open_clip_stacks(text_layers).items()}
    return CheckpointNames({**modules, "text_encoder": text}, {"text_encoder": stacks})


def ema_name(key: str) -> str:
    """Where a checkpoint keeps the average of a U-Net weight, by LDM's custom all dots taken out.

    >>> ema_name("model.diffusion_model.out.2.bias")
    'model_ema.diffusion_modelout2bias'
    """
    return EMA_PREFIX + key.removeprefix("model.").replace(".", "")


def _prefixed(prefix: str, modules: Modules) -> Modules:
    return {prefix + original: diffusers for original, diffusers in modules.items()}


def modern_spelling(key: str) -> str:
    """Text encoder names with the ``text_model.`` level that the oldest files lack; others as they are."""
    inner = key.removeprefix(TEXT_PREFIX)
    if inner == key or inner.startswith("text_model."):
        return key
    return f"{TEXT_PREFIX}text_model.{inner}"
