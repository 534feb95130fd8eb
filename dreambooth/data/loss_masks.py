"""Which parts of a picture are learnt: its own transparency, or a mask in a file beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from dreambooth.config.augment import Masks
from dreambooth.data.buckets import SIDE_MULTIPLE_PX, Size
from dreambooth.data.errors import PictureError
from dreambooth.data.file_memory import FileMemory
from dreambooth.data.listing import MASK_ENDINGS
from dreambooth.data.looks import Look
from dreambooth.data.pictures import load_alpha, load_picture, may_be_transparent
from dreambooth.data.rendering import render_part

MOST_REMEMBERED = 100_000
SHAPE_TOLERANCE = 0.02

Channel = Literal["alpha", "file"]


@dataclass(frozen=True)
class LossMask:
    """Where a picture's mask is, and what counts outside it."""

    file: Path
    channel: Channel  # the file's transparency, or its brightness
    unmasked_weight: float


@dataclass(frozen=True)
class MaskFacts:
    """What there is to know of a mask before it is used."""

    learnt_share: float  # of the picture's area: 0 is all black, 1 all white
    width_px: int
    height_px: int

    def has_shape_of(self, width_px: int, height_px: int) -> bool:
        """Whether it may be the mask of a picture of this size; it may be smaller or larger."""
        return abs(self.width_px * height_px / (self.height_px * width_px) - 1) < SHAPE_TOLERANCE


_KNOWN: FileMemory[MaskFacts] = FileMemory(MOST_REMEMBERED)


def find_mask_file(picture: Path) -> Path | None:
    """The mask that lies beside a picture."""
    places = (picture.with_name(picture.stem + ending) for ending in MASK_ENDINGS)
    return next((place for place in places if place.is_file()), None)


def find_mask(picture: Path, masks: Masks, unmasked_weight: float) -> LossMask | None:
    """The mask of a picture, where these settings want one and it has one."""
    if masks in ("file", "both") and (file := find_mask_file(picture)) is not None:
        return LossMask(file, "file", unmasked_weight)
    if masks in ("off", "file") or not may_be_transparent(picture):
        return None
    mask = LossMask(picture, "alpha", unmasked_weight)
    return mask if look_at_mask(mask).learnt_share < 1 else None


def look_at_mask(mask: LossMask) -> MaskFacts:
    """What a mask is like, remembered until its file changes; raises PictureError."""

    def find_out() -> MaskFacts:
        grey = load_mask(mask)
        counts = grey.histogram()
        share = sum(level * count for level, count in enumerate(counts)) / (255 * sum(counts))
        return MaskFacts(share, grey.width, grey.height)

    try:
        return _KNOWN.recall(mask.file, find_out, mask.channel)
    except OSError as error:
        raise PictureError(mask.file, f"cannot be read: {error.strerror}") from error


def load_mask(mask: LossMask) -> Image.Image:
    """Grey, upright, as large as its file: 255 is learnt, 0 is not. Raises PictureError."""
    return load_alpha(mask.file) if mask.channel == "alpha" else load_picture(mask.file).convert("L")


def cut_mask(mask: LossMask, whole: Size, size: Size, look: Look) -> Image.Image:
    """Grey, at ``size``: the mask cut and turned as its picture, which has the size ``whole``, is."""
    grey = load_mask(mask)
    if grey.size != (whole.width_px, whole.height_px):  # of another size, but of the same picture
        grey = grey.resize((whole.width_px, whole.height_px), Image.Resampling.BOX)
    return render_part(grey, size, look, Image.Resampling.BOX)


def render_mask(mask: LossMask, whole: Size, size: Size, look: Look, *, flipped: bool) -> Image.Image:
    """Grey, a pixel for each latent: the mask as its picture is shown, averaged over areas."""
    small = cut_mask(mask, whole, size, look).reduce(SIDE_MULTIPLE_PX)
    return small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flipped else small
