"""Random numbers that depend on (seed, step, purpose) alone, so that a resumed run repeats them."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from dreambooth.data.batches import Batch


def derive_seed(*parts: object) -> int:
    """A 63-bit seed from anything that prints."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator_of(*parts: object) -> torch.Generator:
    """A CPU generator; noise is drawn on the CPU so that every device sees the same."""
    return torch.Generator().manual_seed(derive_seed(*parts))


def normal(shape: torch.Size | tuple[int, ...], *parts: object) -> Tensor:
    """Standard normal numbers on the CPU."""
    return torch.randn(shape, generator=generator_of(*parts))


def own_rows(batch: Batch, whole: Tensor) -> Tensor:
    """Of what was drawn for the whole batch, that of the examples which this process computes."""
    return whole[batch.share.rows] if batch.share else whole
