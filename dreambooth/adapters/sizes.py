"""How large the adapter of each layer becomes: its rank and alpha."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import adapted_paths, block_of, blocks_of
from dreambooth.config.blocks import BlockValue, find_missing, parse_blocks, value_at
from dreambooth.config.lora import LoraConfig
from dreambooth.models.architecture import Architecture


@dataclass(frozen=True)
class Size:
    """The rank of a layer's adapter, and the alpha that is divided by it."""

    rank: int
    alpha: float


def layer_sizes(
    config: LoraConfig, architecture: Architecture, part: str, module: nn.Module
) -> dict[str, Size]:
    """The size of every adapted layer of a part, by its path; layers without an adapter are left out."""
    linear, kernel = _plain_sizes(config, part)
    layers = adapted_paths(module, convolutions=part == "unet" and config.conv_rank > 0)
    sizes = {path: kernel if has_kernel(layer) else linear for path, layer in layers.items()}
    if part != "unet" or not (config.block_ranks.strip() or config.block_lr_factors.strip()):
        return sizes
    ranks = block_values(config, architecture, "block_ranks")
    factors = block_values(config, architecture, "block_lr_factors")
    chosen: dict[str, Size] = {}
    for path, size in sizes.items():
        block = block_of(architecture, path)
        rank = int(value_at(ranks, block, config.rank))
        if rank and value_at(factors, block, 1.0):
            is_linear = not has_kernel(layers[path])
            chosen[path] = Size(rank, rank * config.alpha / config.rank) if is_linear else size
    return chosen


def has_kernel(layer: nn.Linear | nn.Conv2d) -> bool:
    """Whether it looks at neighbours too: only such layers are convolutions to an adapter."""
    return isinstance(layer, nn.Conv2d) and tuple(layer.kernel_size) != (1, 1)


def _plain_sizes(config: LoraConfig, part: str) -> tuple[Size, Size]:
    """Sizes for linear layers and for kernels, blocks aside; what is 0 follows the U-Net's linear layers."""
    scale = config.alpha / config.rank
    rank = config.rank if part == "unet" else config.text_encoder_rank or config.rank
    alpha = rank * scale if part == "unet" else config.text_encoder_alpha or rank * scale
    return Size(rank, alpha), Size(config.conv_rank, config.conv_alpha or config.conv_rank * scale)


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
