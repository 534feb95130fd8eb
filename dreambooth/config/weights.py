"""How many weights a model has and how many learn, from names and shapes; so it needs no model in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from dreambooth.config.adapter_sizes import Shape, choose_sizes, count_adapter_weights
from dreambooth.config.settings import TrainConfig

Shapes = Mapping[str, Mapping[str, Shape]]  # part → name of a weight in diffusers → its shape


@dataclass(frozen=True, kw_only=True)
class WeightCounts:
    """Weights of a model by what memory they take."""

    everything: int  # without an adapter
    unet: int
    learning: int


def count_weights(config: TrainConfig, shapes: Shapes) -> WeightCounts:
    """The counts of a training; raises ValueError when blocks are named in a way that is not understood."""
    counts = {part: sum(map(prod, named.values())) for part, named in shapes.items()}
    parts = [part for part in shapes if part_learns(config, part)]
    kind = config.adapter
    if kind == "none":
        learning = sum(counts[part] for part in parts)
    else:
        num_resnets = _count_resnets(shapes["unet"])
        sizes = {
            part: choose_sizes(config.lora, part, layers_of(shapes[part]), num_resnets) for part in parts
        }
        learning = sum(
            count_adapter_weights(kind, config.lora, shapes[part][f"{path}.weight"], size.rank)
            for part in parts
            for path, size in sizes[part].items()
        )
    return WeightCounts(everything=sum(counts.values()), unet=counts["unet"], learning=learning)


def part_learns(config: TrainConfig, part: str) -> bool:
    """Whether a part learns, at least for some of the steps."""
    if part == "unet":
        return config.parts.train_unet
    return part.startswith("text_encoder") and config.parts.text_encoder_fraction > 0


def layers_of(named: Mapping[str, Shape]) -> dict[str, Shape]:
    """The linear layers and convolutions among weights, by their paths."""
    return {
        name.removesuffix(".weight"): shape
        for name, shape in named.items()
        if name.endswith(".weight") and len(shape) in (2, 4)
    }


def _count_resnets(unet: Mapping[str, Shape]) -> int:
    return len({name.split(".")[3] for name in unet if name.startswith("down_blocks.0.resnets.")})
