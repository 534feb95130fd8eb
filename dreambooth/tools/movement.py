"""How far weights are from what they were, counted while they are written."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor

PIECE = 2**16


class Movement:
    """Sums over all tensors; of each what is written and what it was, in the precision of the file."""

    def __init__(self) -> None:
        self.num_changed = 0
        self._changes: defaultdict[str, float] = defaultdict(float)
        self._sizes: defaultdict[str, float] = defaultdict(float)

    def add(self, name: str, written: Tensor, before: Tensor) -> None:
        """Count a tensor in, if it is one of weights."""
        if not before.is_floating_point():
            return
        part = name.partition(".")[0]
        self._sizes[part] += sum_of_squares(before.float())
        if torch.equal(written, before):
            return
        self.num_changed += 1
        self._changes[part] += sum_of_squares(written.float() - before.float())

    @property
    def moved(self) -> dict[str, float]:
        """First word of the names → RMS of the change / RMS of the weights, where something changed."""
        return {
            part: (change / size) ** 0.5 if (size := self._sizes[part]) else float("inf")
            for part, change in self._changes.items()
        }


def sum_of_squares(tensor: Tensor) -> float:
    """Of fp32, added up in pieces: in one go a large tensor is off by half a hundredth."""
    pieces = tensor.flatten().split(PIECE)
    return sum(float(torch.linalg.vector_norm(piece)) ** 2 for piece in pieces)
