"""What is said of single blocks of the U-Net in one line of text, as in ``in=4, mid=8, out3-5=16``.

Blocks are counted as in original checkpoints: ``in0`` … ``in11``, ``mid``, ``out0`` … ``out11`` in Stable
Diffusion 1 and 2, up to ``in8`` and ``out8`` in SDXL. Which there are is known only with the model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Side = Literal["in", "mid", "out"]
_ITEM = re.compile(r"(in|mid|out)(?:(\d+)(?:-(\d+))?)?\s*=\s*(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A block of the U-Net; the middle has the number 0."""

    side: Side
    number: int = 0

    def __str__(self) -> str:
        return self.side if self.side == "mid" else f"{self.side}{self.number}"


@dataclass(frozen=True)
class BlockValue:
    """A value for some blocks of one side; without a first number for all of them."""

    side: Side
    first: int | None
    last: int | None
    value: float

    def covers(self, block: Block) -> bool:
        """Whether the value is this block's."""
        if self.first is None or self.last is None:
            return block.side == self.side
        return block.side == self.side and self.first <= block.number <= self.last


def block_of_path(path: str, num_resnets: int) -> Block:
    """The block of a layer of the U-Net, by its path in diffusers; raises ValueError outside of all blocks.

    Each level has as many blocks as resnets and one more: on the way down what changes the size, which stands
    alone, on the way up another resnet, whose block also changes the size.
    """
    if path.startswith("mid_block."):
        return Block("mid")
    found = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)", path)
    if not found:
        raise ValueError(f"{path} lies outside the blocks of the U-Net")
    way, level, what, index = found[1], int(found[2]), found[3], int(found[4])
    inside = num_resnets if what in ("downsamplers", "upsamplers") else index
    first = level * (num_resnets + 1)
    return Block("in", 1 + first + inside) if way == "down" else Block("out", first + inside)


def parse_blocks(text: str) -> tuple[BlockValue, ...]:
    """The values in a line of ``BLOCKS=VALUE``, separated by commas; raises ValueError in words."""
    return tuple(_parse_item(item.strip()) for item in text.split(",") if item.strip())


def _parse_item(item: str) -> BlockValue:
    found = _ITEM.fullmatch(item)
    if not found:
        raise ValueError(f"{item!r} is not understood; write BLOCKS=VALUE, e.g. in=4, mid=8, out3-5=16")
    name, first, last, number = found.groups()
    side = next(side for side in get_args(Side) if side == name.lower())
    if side == "mid" and first is not None:
        raise ValueError(f"{item!r}: there is only one mid")
    if first is not None and last is not None and int(last) < int(first):
        raise ValueError(f"{item!r}: the numbers go upwards, e.g. {name}{last}-{first}")
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"{item!r}: {number} is not a number") from None
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{item!r}: {number} is not a number from 0 upwards")
    start = None if first is None else int(first)
    return BlockValue(side, start, start if last is None else int(last), value)


def value_at(values: Iterable[BlockValue], block: Block, default: float) -> float:
    """The value of a block: of several the last, as it stands in the line."""
    covering = [item.value for item in values if item.covers(block)]
    return covering[-1] if covering else default


def find_missing(values: Iterable[BlockValue], blocks: Iterable[Block]) -> Block | None:
    """The first block that is named by its number and not there, or None."""
    there = set(blocks)
    for item in values:
        if item.first is not None and item.last is not None:
            for number in range(item.first, item.last + 1):
                if Block(item.side, number) not in there:
                    return Block(item.side, number)
    return None
