"""Copies of pictures, cut to the size that they are trained at, for those who want to see or keep the cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from PIL import Image

from dreambooth.config.folders import written_whole
from dreambooth.data.buckets import Size
from dreambooth.data.concepts import Picture
from dreambooth.data.errors import DataError
from dreambooth.data.listing import MASK_ENDINGS
from dreambooth.data.looks import PLAIN
from dreambooth.data.loss_masks import LossMask, cut_mask, find_mask_file
from dreambooth.data.pictures import load_picture
from dreambooth.data.rendering import render


@dataclass(frozen=True)
class Copy:
    """A picture, the size of its copy, and where the copy goes."""

    picture: Picture
    size: Size
    place: Path


Sized = tuple[Picture, Size]  # what it is cut to


def plan_copies(pictures: Sequence[Sized], source: Path, to: Path) -> list[Copy]:
    """A copy of every picture of a folder, in the same sub-folders of ``to``; of a list, in ``to``.

    Raises DataError when ``to`` holds something, or one of the folders lies inside the other.
    """
    _check_place(source, to)
    taken: set[Path] = set()
    copies = []
    for picture, size in pictures:
        path = picture.image.path
        inside = path.relative_to(source) if path.is_relative_to(source) else Path(path.name)
        place = _find_free(to / inside.with_suffix(".png"), taken)
        taken.add(place)
        copies.append(Copy(picture, size, place))
    return copies


def _find_free(place: Path, taken: set[Path]) -> Path:
    numbered = (place.with_name(f"{place.stem}_{number}.png") for number in count(2))
    return place if place not in taken else next(other for other in numbered if other not in taken)


def write_copy(copy: Copy) -> None:
    """The picture cut and resampled as training does it, with its caption and its mask beside it."""
    small = render(load_picture(copy.picture.image.path), copy.size)
    with written_whole(copy.place.with_suffix(".txt")) as caption:
        caption.write(copy.picture.caption)
    if (mask_file := find_mask_file(copy.picture.image.path)) is not None:
        image = copy.picture.image
        whole = Size(image.width_px, image.height_px)
        mask = cut_mask(LossMask(mask_file, "file", unmasked_weight=0), whole, copy.size, PLAIN)
        _write_picture(mask, copy.place.with_name(copy.place.stem + MASK_ENDINGS[0]))
    _write_picture(small, copy.place)


def _write_picture(picture: Image.Image, place: Path) -> None:
    with written_whole(place, "wb") as file:
        picture.save(file, "PNG")


def _check_place(source: Path, to: Path) -> None:
    here, there = source.resolve(), to.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise DataError(f"the copies would lie among the pictures of {source}: name a folder elsewhere")
    if to.exists() and not to.is_dir():
        raise DataError(f"{to} is a file: name a folder for the copies")
    if to.is_dir() and any(to.iterdir()):
        raise DataError(f"{to} is not empty: name a new folder for the copies")
