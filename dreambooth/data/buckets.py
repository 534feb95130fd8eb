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


@dataclass(frozen=True)
class Limits:
    """Between which lengths sides lie; limits that are no multiples of the step narrow to the next."""

    shortest_px: float
    longest_px: float


def training_sizes(data: DataConfig, resolution: int) -> tuple[Size, ...]:
    """The sizes that these settings allow; raises DataError for sides that are not whole latents."""
    if data.use_buckets:
        _check_multiple("data.bucket_step_px", data.bucket_step_px)
        limits = Limits(data.bucket_min_px or resolution / 2, data.bucket_max_px or 2 * resolution)
        return bucket_sizes(resolution, data.bucket_step_px, limits)
    _check_multiple("data.resolution", resolution)
    return (Size(resolution, resolution),)


def bucket_sizes(resolution: int, step_px: int, limits: Limits | None = None) -> tuple[Size, ...]:
    """Sizes to choose from, ascending: the largest square, and for every side the largest other side.

    Sides are multiples of ``step_px`` within the limits, by default half and twice the resolution, so that no
    ratio exceeds 1:4; no area exceeds the resolution squared. Raises DataError when not even one step fits
    into the resolution, or nothing into the limits.
    """
    if step_px > resolution:
        raise DataError(f"data.bucket_step_px: {step_px} is more than the resolution, {resolution}")
    limits = limits or Limits(resolution / 2, 2 * resolution)
    shortest = math.ceil(limits.shortest_px / step_px) * step_px
    longest = int(limits.longest_px // step_px * step_px)
    square = resolution // step_px * step_px
    sizes = {Size(square, square)} if shortest <= square <= longest else set()
    for side in range(max(shortest, step_px), longest + 1, step_px):
        partner = min(resolution**2 // side // step_px * step_px, longest)
        if partner >= max(shortest, step_px):
            sizes |= {Size(side, partner), Size(partner, side)}
    if not sizes:
        raise DataError(
            f"data.bucket_min_px: no size of the area of {resolution}×{resolution} has sides between "
            f"{limits.shortest_px:g} and {limits.longest_px:g}"
        )
    return tuple(sorted(sizes))


def choose_size(width_px: int, height_px: int, sizes: Sequence[Size], data: DataConfig) -> Size | None:
    """The size at which a picture is trained; None where it would have to be enlarged and must not be."""
    bucket = nearest_bucket(width_px, height_px, sizes)
    if not data.bucket_no_upscale:
        return bucket
    step = data.bucket_step_px
    own = Size(min(bucket.width_px, width_px // step * step), min(bucket.height_px, height_px // step * step))
    return own if own.area else None


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
