"""Which timesteps are learnt: shares of a range, and the integers in it."""

from __future__ import annotations

import torch
from torch import Tensor


def spread_shares(first: Tensor, permutation: Tensor) -> Tensor:
    """One share in 0 … 1 for each example, evenly apart from ``first`` () on, in the order of a permutation.

    The low-discrepancy sampler of arXiv:2107.00630, appendix I.1; each share by itself is uniform.
    """
    return (first + permutation / len(permutation)) % 1


def logit_normal_shares(normal: Tensor, mean: float, scale: float) -> Tensor:
    """Shares in 0 … 1 whose logit is normal (arXiv:2403.03206, section 3.1), from standard normal numbers."""
    return torch.sigmoid(mean + scale * normal)


def timesteps_between(shares: Tensor, first: int, end: int) -> Tensor:
    """Integers from ``first`` to ``end`` - 1, (B,)."""
    return (first + shares * (end - first)).long().clamp(first, end - 1)
