"""Names of adapted layers in the files that webuis read (kohya's convention).

Everything here follows from an architecture, so that tools can name layers without loading weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from torch import nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.config.adapter_sizes import is_adapted
from dreambooth.config.blocks import Block, block_of_path
from dreambooth.models.architecture import Architecture, Family
from dreambooth.models.configs import build_without_weights
from dreambooth.models.family import Prediction
from dreambooth.models.keys import inverse, rename
from dreambooth.models.names import UNET, names_of


@dataclass(frozen=True)
class Place:
    """A layer of a model: its part, and its dotted path inside."""

    part: str
    path: str


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What files for a family have in common: how layers are named in them, and what they say of it."""

    prefixes: Mapping[str, str]  # part → how the names of its layers begin
    other_prefixes: Mapping[str, str]  # met in files of other programs → part
    has_original_names: bool  # in the U-Net those of original checkpoints, else those of diffusers
    base_versions: Mapping[Prediction, str]
    implementation: str  # of the modelspec: whose names these are


_ONE_ENCODER = FileFacts(
    prefixes={"unet": "lora_unet", "text_encoder": "lora_te"},
    other_prefixes={"lora_te1": "text_encoder"},
    has_original_names=False,
    base_versions={"epsilon": "sd_v1", "v_prediction": "sd_v1_v"},
    implementation="diffusers",
)
FILE_FACTS: Mapping[Family, FileFacts] = {
    "sd1": _ONE_ENCODER,
    "sd2": replace(_ONE_ENCODER, base_versions={"epsilon": "sd_v2", "v_prediction": "sd_v2_v"}),
    "sdxl": FileFacts(
        prefixes={"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"},
        other_prefixes={},
        has_original_names=True,
        base_versions={"epsilon": "sdxl_base_v1-0", "v_prediction": "sdxl_base_v1-0"},
        implementation="https://github.com/Stability-AI/generative-models",
    ),
}


@lru_cache(maxsize=8)
def _original_names(architecture: Architecture) -> Mapping[str, str]:
    """U-Net modules, diffusers → original."""
    table = inverse(names_of(architecture).modules["unet"])
    return {diffusers: original.removeprefix(UNET) for diffusers, original in table.items()}


def original_path(architecture: Architecture, path: str) -> str:
    """A path inside the U-Net as original checkpoints have it."""
    name = rename(path, _original_names(architecture))
    if name is None:
        raise KeyError(f"{path} has no place in the U-Net of an original checkpoint")
    return name


def kohya_name(architecture: Architecture, place: Place) -> str:
    """The name of a layer before the first dot of a key.

    >>> from dreambooth.models.architecture import STABLE_DIFFUSION_15
    >>> kohya_name(STABLE_DIFFUSION_15, Place("unet", "mid_block.attentions.0.proj_in"))
    'lora_unet_mid_block_attentions_0_proj_in'
    """
    facts = FILE_FACTS[architecture.family]
    is_original = facts.has_original_names and place.part == "unet"
    path = original_path(architecture, place.path) if is_original else place.path
    return f"{facts.prefixes[place.part]}_{path.replace('.', '_')}"


@lru_cache(maxsize=8)
def kohya_modules(architecture: Architecture) -> Mapping[str, Place]:
    """Every layer with a weight, by its name in files; what is adapted is only some of them."""
    return {kohya_name(architecture, place): place for place in _places(architecture)}


@lru_cache(maxsize=8)
def known_modules(architecture: Architecture) -> Mapping[str, Place]:
    """The same by every name that files of other programs use too: with either names of the U-Net."""
    facts = FILE_FACTS[architecture.family]
    prefixes = {prefix: part for part, prefix in facts.prefixes.items()} | dict(facts.other_prefixes)
    names: dict[str, Place] = {}
    for place in _places(architecture):
        paths = (
            [place.path, original_path(architecture, place.path)] if place.part == "unet" else [place.path]
        )
        for prefix, part in prefixes.items():
            if part == place.part:
                names |= {f"{prefix}_{path.replace('.', '_')}": place for path in paths}
    return names


def _places(architecture: Architecture) -> Iterator[Place]:
    prefixes = FILE_FACTS[architecture.family].prefixes
    for part, module in build_without_weights(architecture).items():
        if part in prefixes:
            for path, layer in module.named_modules():
                if isinstance(getattr(layer, "weight", None), nn.Parameter):
                    yield Place(part, path)


def adapted_paths(module: nn.Module, *, convolutions: bool) -> dict[str, nn.Linear | nn.Conv2d]:
    """The layers of a part that an adapter changes: attention and feed-forward, and convolutions if asked."""
    return {
        path: layer
        for path, layer in module.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d) and is_adapted(path, convolutions=convolutions)
    }


def block_of(architecture: Architecture, path: str) -> Block:
    """The block that a layer of the U-Net belongs to."""
    try:
        return block_of_path(path, architecture.unet_resnets)
    except ValueError as error:
        raise AdapterError(str(error)) from None


def blocks_of(architecture: Architecture) -> list[Block]:
    """All blocks of the U-Net, in order."""
    per_side = (architecture.unet_resnets + 1) * len(architecture.unet_widths)
    numbers = range(per_side)
    return [*(Block("in", n) for n in numbers), Block("mid"), *(Block("out", n) for n in numbers)]
