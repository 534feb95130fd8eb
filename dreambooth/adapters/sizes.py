"""How large the adapter of each layer becomes: its rank and alpha."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import adapted_paths, block_of, blocks_of
from dreambooth.config.adapter_sizes import Size, choose_sizes
from dreambooth.config.blocks import BlockValue, find_missing, parse_blocks, value_at
from dreambooth.config.lora import LoraConfig
from dreambooth.models.architecture import Architecture


def layer_sizes(
    config: LoraConfig, architecture: Architecture, part: str, module: nn.Module
) -> dict[str, Size]:
    """The size of every adapted layer of a part, by its path; layers without an adapter are left out."""
    if part == "unet":
        for setting in ("block_ranks", "block_lr_factors"):
            block_values(config, architecture, setting)
    layers = adapted_paths(module, convolutions=True)
    shapes = {path: tuple(layer.weight.shape) for path, layer in layers.items()}
    return choose_sizes(config, part, shapes, architecture.unet_resnets)


def block_values(config: LoraConfig, architecture: Architecture, setting: str) -> tuple[BlockValue, ...]:
    """What a setting says of single blocks; raises AdapterError when the model lacks one of them."""
    values = parse_blocks(getattr(config, setting))
    blocks = blocks_of(architecture)
    if missing := find_missing(values, blocks):
        last = blocks[-1].number
        raise AdapterError(
            f"lora.{setting} names {missing}, but this model has in0 to in{last}, mid, and out0 to out{last}"
        )
    return values


def lr_factors(
    config: LoraConfig, architecture: Architecture, paths: Mapping[str, object]
) -> dict[str, float]:
    """By which factor the learning rate of each layer of the U-Net differs from the part's."""
    values = block_values(config, architecture, "block_lr_factors")
    return {path: value_at(values, block_of(architecture, path), 1.0) for path in paths}
