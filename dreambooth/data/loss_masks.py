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
from dreambooth.data.looks import Look
from dreambooth.data.pictures import load_alpha, load_picture
from dreambooth.data.rendering import render_part

MASK_ENDINGS = ("-masklabel.png", ".mask.png")  # behind the stem of the picture
MOST_REMEMBERED = 100_000

Channel = Literal["alpha", "file"]


@dataclass(frozen=True)
class LossMask:
    """Where a picture's mask is, and what counts outside it."""

    file: Path
    channel: Channel  # the file's transparency, or its brightness
    unmasked_weight: float


_SHARES: FileMemory[float] = FileMemory(MOST_REMEMBERED)


def find_mask_file(picture: Path) -> Path | None:
    """The mask that lies beside a picture."""
    places = (picture.with_name(picture.stem + ending) for ending in MASK_ENDINGS)
    return next((place for place in places if place.is_file()), None)


def mask_stem(path: Path) -> str | None:
    """The stem of the picture that a file is the mask of by its name; None for any other file."""
    name = path.name
    return next((name[: -len(ending)] for ending in MASK_ENDINGS if name.lower().endswith(ending)), None)


def find_mask(picture: Path, masks: Masks, unmasked_weight: float) -> LossMask | None:
    """The mask of a picture, where these settings want one and it has one."""
    if masks in ("file", "both") and (file := find_mask_file(picture)) is not None:
        return LossMask(file, "file", unmasked_weight)
    if masks in ("alpha", "both") and learnt_share(picture, "alpha") < 1:
        return LossMask(picture, "alpha", unmasked_weight)
    return None


def learnt_share(file: Path, channel: Channel) -> float:
    """The share of a picture's area that its mask lets the model learn; raises PictureError."""

    def find_out() -> float:
        counts = load_mask(file, channel).histogram()
        return sum(level * count for level, count in enumerate(counts)) / (255 * sum(counts))

    try:
        return _SHARES.recall(file, find_out, channel)
    except OSError as error:
        raise PictureError(file, f"cannot be read: {error.strerror}") from error


def load_mask(file: Path, channel: Channel) -> Image.Image:
    """Grey, upright, as large as its file: 255 is learnt, 0 is not. Raises PictureError."""
    return load_alpha(file) if channel == "alpha" else load_picture(file).convert("L")


def render_mask(mask: LossMask, whole: Size, size: Size, look: Look, *, flipped: bool) -> Image.Image:
    """Grey, a pixel for each latent: the mask cut and turned as its picture is, averaged over areas."""
    grey = load_mask(mask.file, mask.channel)
    if grey.size != (whole.width_px, whole.height_px):  # of another size, but of the same picture
        grey = grey.resize((whole.width_px, whole.height_px), Image.Resampling.BOX)
    small = render_part(grey, size, look, Image.Resampling.BOX).reduce(SIDE_MULTIPLE_PX)
    return small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flipped else small
