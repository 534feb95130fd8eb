"""Which layers an adapter changes, and how large it becomes on each: from names and shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

from dreambooth.config.blocks import block_of_path, parse_blocks, value_at
from dreambooth.config.lora import LoraConfig

AdapterKind = Literal["lora", "loha", "lokr"]
Shape = tuple[int, ...]  # of a weight: outputs, inputs, and of a convolution the sides of its kernel

_ATTENTION = re.compile(r"(^|\.)(attentions|self_attn|mlp)\.")
_CONVOLUTIONS = re.compile(r"(^|\.)(resnets|downsamplers|upsamplers)\.")


@dataclass(frozen=True)
class Size:
    """The rank of a layer's adapter, and the alpha that is divided by it."""

    rank: int
    alpha: float


def is_adapted(path: str, *, convolutions: bool) -> bool:
    """Whether an adapter changes the layer: attention and feed-forward, and convolutions if asked."""
    return bool(_ATTENTION.search(path) or (convolutions and _CONVOLUTIONS.search(path)))


def has_kernel(shape: Shape) -> bool:
    """Whether the layer looks at neighbours too: only such layers are convolutions to an adapter."""
    return len(shape) == 4 and shape[2:] != (1, 1)


def choose_sizes(
    config: LoraConfig, part: str, layers: Mapping[str, Shape], num_resnets: int
) -> dict[str, Size]:
    """The size on every layer of a part (path → shape of its weight); what gets no adapter is left out.

    ``layers`` are those that an adapter may change. ``num_resnets`` counts them in a level of the U-Net.
    """
    linear, kernel = _plain_sizes(config, part)
    chosen = {
        path: kernel if has_kernel(shape) else linear
        for path, shape in layers.items()
        if is_adapted(path, convolutions=part == "unet" and config.conv_rank > 0)
    }
    if part != "unet" or not (config.block_ranks.strip() or config.block_lr_factors.strip()):
        return chosen
    ranks, factors = parse_blocks(config.block_ranks), parse_blocks(config.block_lr_factors)
    sizes: dict[str, Size] = {}
    for path, size in chosen.items():
        block = block_of_path(path, num_resnets)
        rank = int(value_at(ranks, block, config.rank))
        if rank and value_at(factors, block, 1.0):
            is_linear = not has_kernel(layers[path])
            sizes[path] = Size(rank, rank * config.alpha / config.rank) if is_linear else size
    return sizes


def _plain_sizes(config: LoraConfig, part: str) -> tuple[Size, Size]:
    """Sizes for linear layers and for kernels, blocks aside; what is 0 follows the U-Net's linear layers."""
    scale = config.alpha / config.rank
    rank = config.rank if part == "unet" else config.text_encoder_rank or config.rank
    alpha = rank * scale if part == "unet" else config.text_encoder_alpha or rank * scale
    return Size(rank, alpha), Size(config.conv_rank, config.conv_alpha or config.conv_rank * scale)


def count_adapter_weights(kind: AdapterKind, config: LoraConfig, shape: Shape, rank: int) -> int:
    """How many weights learn on a layer of this shape."""
    num_outputs, num_inputs, area = shape[0], shape[1], prod(shape[2:])
    lengths = num_inputs if config.dora else 0
    if kind == "lokr":
        return lengths + _count_lokr(config.lokr_factor, shape, rank)
    pairs = {"lora": 1, "loha": 2}[kind]
    return lengths + pairs * rank * (num_outputs + num_inputs * area)


def _count_lokr(factor: int, shape: Shape, rank: int) -> int:
    """Both factors of a Kronecker product; the second is factored again where that makes it smaller."""
    (first_outputs, outputs), (first_inputs, inputs) = split(shape[0], factor), split(shape[1], factor)
    area = prod(shape[2:])
    is_factored = rank < max(outputs, inputs) / 2
    second = rank * (outputs + inputs * area) if is_factored else outputs * inputs * area
    return first_outputs * first_inputs + second


def split(number: int, factor: int) -> tuple[int, int]:
    """Two whole numbers whose product is ``number``, as LoKr takes them.

    The first is ``factor`` where that divides the number, else its largest divisor up to the factor and to
    the root; -1 sets no limit but the root.
    """
    if factor > 0 and number % factor == 0:
        return factor, number // factor
    limit = number if factor == -1 else max(factor, 1)
    first = max(each for each in range(1, int(number**0.5) + 1) if number % each == 0 and each <= limit)
    return first, number // first
