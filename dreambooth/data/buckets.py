"""Which sizes pictures are trained at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dreambooth.config.data import DataConfig
from dreambooth.data.errors import DataError

SIDE_MULTIPLE_PX = 8  # one latent


@dataclass(frozen=True, order=True)
class Size:
    """Width and height in pixels."""

    width_px: int
    height_px: int

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width_px * self.height_px

    def __str__(self) -> str:
        return f"{self.width_px}×{self.height_px}"


def training_sizes(data: DataConfig) -> tuple[Size, ...]:
    """The sizes that these settings allow; raises DataError for sides that are not whole latents."""
    if data.use_buckets:
        _check_multiple("data.bucket_step_px", data.bucket_step_px)
        return bucket_sizes(data.resolution, data.bucket_step_px)
    _check_multiple("data.resolution", data.resolution)
    return (Size(data.resolution, data.resolution),)


def bucket_sizes(resolution: int, step_px: int) -> tuple[Size, ...]:
    """Sizes to choose from, ascending: the largest square, and for every side the largest other side.

    Sides are multiples of ``step_px`` between half and twice the resolution, so no ratio exceeds 1:4, and
    no area exceeds the resolution squared. Raises DataError when not even one step fits into the resolution.
    """
    if step_px > resolution:
        raise DataError(f"data.bucket_step_px: {step_px} is more than data.resolution, {resolution}")
    square = resolution // step_px * step_px
    sizes = {Size(square, square)}
    shortest = math.ceil(resolution / 2 / step_px) * step_px
    for side in range(shortest, 2 * resolution + 1, step_px):
        partner = resolution**2 // side // step_px * step_px
        if partner >= shortest:
            sizes |= {Size(side, partner), Size(partner, side)}
    return tuple(sorted(sizes))


def nearest_bucket(width_px: int, height_px: int, sizes: Sequence[Size]) -> Size:
    """The size shaped most like a picture, by the logarithm of width / height; of equals the largest."""
    shape = math.log(width_px) - math.log(height_px)

    def distance(size: Size) -> tuple[float, int]:
        apart = abs(math.log(size.width_px) - math.log(size.height_px) - shape)
        return round(apart, 9), -size.area  # rounded, so that equal shapes are equal

    return min(sizes, key=distance)


def _check_multiple(setting: str, side_px: int) -> None:
    if side_px % SIDE_MULTIPLE_PX:
        raise DataError(f"{setting}: {side_px} is not a multiple of {SIDE_MULTIPLE_PX}")
