"""What the U-Net reads of captions: the states of CLIP's text encoders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dreambooth.models.family import TextStates


@dataclass(frozen=True)
class ClipStates:
    """States of captions that have the same number of chunks."""

    hidden: Tensor  # (B, 77 × chunks, width)
    pooled: Tensor | None = None  # (B, width): SDXL's summary of each caption

    def __len__(self) -> int:
        return len(self.hidden)

    def to(self, device: torch.device) -> ClipStates:
        """The same on another device."""
        return ClipStates(self.hidden.to(device), None if self.pooled is None else self.pooled.to(device))

    def rows(self, start: int, stop: int) -> ClipStates:
        """Some of the captions."""
        return ClipStates(self.hidden[start:stop], None if self.pooled is None else self.pooled[start:stop])


def clip_states(states: TextStates) -> ClipStates:
    """The states of a CLIP text encoder; raises TypeError for those of another family."""
    if not isinstance(states, ClipStates):
        raise TypeError(f"text states of another family: {type(states).__name__}")
    return states


def join_rows(hidden: Sequence[Tensor]) -> Tensor:
    """States (b, 77 × chunks, width) of captions of any length in one tensor (B, 77 × chunks, width).

    Shorter ones are repeated, up to the least common multiple of the lengths. Attention over the same keys
    several times is what it is over them once, so a caption means the same whatever it is batched with;
    filled up with an empty chunk it would not.
    """
    length = math.lcm(*(rows.shape[1] for rows in hidden))
    return torch.cat([rows.repeat(1, length // rows.shape[1], 1) for rows in hidden])
