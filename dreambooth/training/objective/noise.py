"""Noise of other kinds than white."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import interpolate


def with_offset(noise: Tensor, offset: Tensor, strength: float | Tensor) -> Tensor:
    """Offset noise (Guttenberg, 2023): one shift per channel, ``offset`` (B, c, 1, 1), on (B, c, h, w)."""
    return noise + strength * offset


def pyramid_sizes(height: int, width: int, ratios: Sequence[float]) -> list[tuple[int, int]]:
    """Heights and widths of coarser levels, level i by ratios[i - 1]^i; the last one is a point wide."""
    sizes: list[tuple[int, int]] = []
    for level, ratio in enumerate(ratios, start=1):
        sizes.append((max(1, int(height / ratio**level)), max(1, int(width / ratio**level))))
        if min(sizes[-1]) == 1:
            break
    return sizes


def with_pyramid(noise: Tensor, coarser: Sequence[Tensor], discount: float) -> Tensor:
    """Multi-resolution noise (Whitaker, 2023): coarser levels (B, c, h', w'), level i weighted discount^i.

    Each example is divided by its own standard deviation, so its noise does not depend on the batch.
    """
    height, width = noise.shape[-2:]
    for level, coarse in enumerate(coarser, start=1):
        noise = noise + discount**level * interpolate(coarse, (height, width), mode="bilinear")
    return noise / noise.std((1, 2, 3), keepdim=True)


def dream_noise(noise: Tensor, answered: Tensor, kept: Tensor, detail_preservation: float) -> Tensor:
    """What DREAM adds to the noise (arXiv:2312.00210): the model's own error, weighted (1 - kept)^(p/2).

    ``answered`` is the noise that the model tells, without gradient. Both the noisy latents and what the
    model should answer are those of the sum.
    """
    return (1 - kept).pow(detail_preservation / 2) * (noise - answered)
