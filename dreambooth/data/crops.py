"""Which part of a picture is shown, at edges that may fall between two pixels."""

from __future__ import annotations

from dataclasses import dataclass

from dreambooth.data.buckets import Size


@dataclass(frozen=True)
class Crop:
    """A part of a picture, in its own pixels; the edges may fall between two pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From the left edge to the right one."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From the upper edge to the lower one."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Placement:
    """Where the part lies: shares of what is cut off, and how much each edge loses before that."""

    across: float = 0.5  # of what is too wide, the share that is cut on the left
    down: float = 0.5  # of what is too high, the share that is cut at the top
    trims: tuple[float, float, float, float] = (0, 0, 0, 0)  # left, top, right, bottom; of the shorter side


CENTRED = Placement()


def cover_and_crop(width_px: int, height_px: int, size: Size, placement: Placement = CENTRED) -> Crop:
    """The largest part of a picture that has exactly the shape of ``size``, where ``placement`` puts it."""
    short = min(width_px, height_px)
    left, top, right, bottom = (share * short for share in placement.trims)
    right, bottom = width_px - right, height_px - bottom
    width, height = right - left, bottom - top
    if width * size.height_px >= height * size.width_px:  # too wide: cut left and right
        excess = width - height * size.width_px / size.height_px
        return Crop(left + excess * placement.across, top, right - excess * (1 - placement.across), bottom)
    excess = height - width * size.height_px / size.width_px
    return Crop(left, top + excess * placement.down, right, bottom - excess * (1 - placement.down))
