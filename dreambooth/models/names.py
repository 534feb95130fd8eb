"""Where each part's weights are in an original checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from dreambooth.models.architecture import Architecture, Family
from dreambooth.models.keys import (
    VECTOR_MODULES,
    Modules,
    inverse,
    is_original_vae_attention,
    open_clip_modules,
    open_clip_stacks,
    rename,
    unet_modules,
    vae_modules,
)

UNET = "model.diffusion_model."
VAE = "first_stage_model."
SD1_TEXT = "cond_stage_model.transformer."
SD2_TEXT = "cond_stage_model.model."
SDXL_TEXT = "conditioner.embedders.0.transformer."
SDXL_TEXT_2 = "conditioner.embedders.1.model."
TEXT_PREFIXES: Mapping[Family, tuple[str, ...]] = {
    "sd1": (SD1_TEXT,),
    "sd2": (SD2_TEXT,),
    "sdxl": (SDXL_TEXT, SDXL_TEXT_2),
}
EMA_PREFIX = "model_ema."
POSITION_IDS = f"{SD1_TEXT}text_model.embeddings.position_ids"


@dataclass(frozen=True)
class Home:
    """Where a tensor of an original checkpoint goes: all of it, or one of the three that it stacks."""

    part: str
    key: str  # in diffusers
    third: int | None = None  # 0, 1, 2: query, key, value
    is_transposed: bool = False

    def source_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in the checkpoint of what has ``shape`` in diffusers."""
        if self.is_transposed:
            return shape[::-1]
        return shape if self.third is None else (3 * shape[0], *shape[1:])

    def take(self, tensor: Tensor) -> Tensor:
        """What of the checkpoint's tensor belongs here."""
        if self.is_transposed:
            return tensor.T
        return tensor if self.third is None else tensor.chunk(3)[self.third]


@dataclass(frozen=True)
class CheckpointNames:
    """For each part a table of modules, original → diffusers, prefixes included."""

    modules: Mapping[str, Modules]
    stacks: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)  # part → original → three
    # part → original → diffusers: OpenCLIP multiplies x · P, a linear layer x · Wᵀ
    transposed: Mapping[str, Modules] = field(default_factory=dict)

    def find(self, key: str) -> tuple[Home, ...]:
        """What an original name becomes; nothing when no part has a place for it."""
        for part, stacks in self.stacks.items():
            if key in stacks:
                return tuple(Home(part, inner, third) for third, inner in enumerate(stacks[key]))
        for part, table in self.transposed.items():
            if key in table:
                return (Home(part, table[key], is_transposed=True),)
        for part, table in self.modules.items():
            name = rename(key, table)
            if name is not None:
                return (Home(part, name),)
        return ()

    def origins(self, part: str, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Names in the original checkpoint → the diffusers names of a part that each is made of.

        Raises KeyError for a name that has no place there.
        """
        table = inverse(self.modules[part])
        wanted = dict.fromkeys(keys)
        made: dict[str, tuple[str, ...]] = {}
        for original, inner in self.stacks.get(part, {}).items():
            if found := tuple(key for key in inner if key in wanted):
                made[original] = found
        for original, key in self.transposed.get(part, {}).items():
            if key in wanted:
                made[original] = (key,)
        done = {key for inner in made.values() for key in inner}
        for key in wanted:
            if key in done:
                continue
            name = rename(key, table)
            if name is None:
                raise KeyError(f"{key} has no place in the {part} of an original checkpoint")
            made[name] = (key,)
        return made

    def join(self, part: str, original: str, tensors: Sequence[Tensor]) -> Tensor:
        """The tensor of the original checkpoint that ``origins`` says is made of these."""
        if original in self.stacks.get(part, {}):
            return torch.cat(list(tensors))
        tensor = tensors[0]
        if original in self.transposed.get(part, {}):
            return tensor.T
        is_flat = part == "vae" and is_original_vae_attention(original) and tensor.ndim == 2
        return tensor[:, :, None, None] if is_flat else tensor

    def original(self, part: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A part's weights, diffusers name → tensor, as the original checkpoint has them."""
        return {
            name: self.join(part, name, [weights[key] for key in keys])
            for name, keys in self.origins(part, weights).items()
        }


def names_of(architecture: Architecture) -> CheckpointNames:
    """Where the weights of a model of this architecture are in an original checkpoint."""
    unet = unet_modules([depth > 0 for depth in architecture.unet_depths], architecture.unet_resnets)
    if architecture.vector_width:
        unet |= VECTOR_MODULES
    vae = vae_modules(len(architecture.vae_widths), architecture.vae_resnets)
    modules = {"unet": _prefixed(UNET, unet), "vae": _prefixed(VAE, vae)}
    stacks: dict[str, Mapping[str, Sequence[str]]] = {}
    transposed: dict[str, Modules] = {}
    prefixes = TEXT_PREFIXES[architecture.family]
    for (part, text), prefix in zip(architecture.texts.items(), prefixes, strict=True):
        if text.kind == "clip":
            modules[part] = {f"{prefix}text_model": "text_model"}
            continue
        modules[part] = _prefixed(prefix, open_clip_modules(text.layers))
        stacks[part] = {prefix + name: inner for name, inner in open_clip_stacks(text.layers).items()}
        if text.projection_width:
            transposed[part] = {f"{prefix}text_projection": "text_projection.weight"}
    return CheckpointNames(modules, stacks, transposed)


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
    for prefix in (SD1_TEXT, SDXL_TEXT):
        inner = key.removeprefix(prefix)
        if inner != key and not inner.startswith("text_model."):
            return f"{prefix}text_model.{inner}"
    return key


def is_position_ids(key: str) -> bool:
    """Whether a tensor of a checkpoint counts tokens: a constant, which old merges rounded."""
    return key.endswith("text_model.embeddings.position_ids")
