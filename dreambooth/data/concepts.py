"""The captioned pictures of a concept: those of the subject, and those of its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.settings import Method
from dreambooth.data.captions import read_caption
from dreambooth.data.errors import DataError
from dreambooth.data.images import ImageInfo, find_images
from dreambooth.data.listing import Skipped
from dreambooth.data.picture_options import PLAIN, PictureOptions


@dataclass(frozen=True)
class Picture:
    """A picture and what it shows in words."""

    image: ImageInfo
    caption: str
    options: PictureOptions = PLAIN


@dataclass(frozen=True)
class Pictures:
    """What some folders hold, in order, and what there is to tell about it."""

    usable: tuple[Picture, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]


def read_pictures(folders: Sequence[Path]) -> Pictures:
    """Every picture of the folders with its caption, one folder after another."""
    usable: list[Picture] = []
    skipped: list[Skipped] = []
    warnings: list[str] = []
    for folder in folders:
        found = find_images(folder)
        skipped += found.skipped
        for image in found.images:
            caption = read_caption(image.path)
            usable.append(Picture(image, caption.text))
            warnings += [caption.warning] if caption.warning else []
    return Pictures(tuple(usable), tuple(skipped), tuple(warnings))


def instance_pictures(concept: Concept, index: int) -> Pictures:
    """The pictures of the subject; raises DataError when there is not a single usable one."""
    if not concept.instance_data_dir.strip():
        raise DataError(f"concept {index} has no instance folder: say where its pictures are")
    folder = Path(concept.instance_data_dir)
    pictures = read_pictures([folder])
    if not pictures.usable:
        raise DataError(f"concept {index}: no usable picture in {folder}{_first_reason(pictures.skipped)}")
    return pictures


def preservation_pictures(concept: Concept) -> Pictures:
    """The real pictures that keep the model as it is; raises DataError when their folder cannot be read."""
    if not concept.preservation_data_dir.strip():
        return Pictures((), (), ())
    folder = Path(concept.preservation_data_dir)
    pictures = read_pictures([folder])
    each = Fraction(str(concept.preservation_multiply))
    usable = tuple(_preserving(picture, each, str(folder)) for picture in pictures.usable)
    return replace(pictures, usable=usable)


def _preserving(picture: Picture, multiply: Fraction, quota: str) -> Picture:
    options = replace(picture.options, is_preservation=True, multiply=multiply, quota=quota)
    return replace(picture, options=options)


def class_pictures(concept: Concept, generated: Path) -> Pictures:
    """The pictures of the class: the user's own in the concept's class folder, then those in ``generated``.

    ``generated`` need not exist yet. Raises DataError when the class folder does not exist, or when one of
    them and the instance folder lie one inside the other: the same pictures would be trained as both.
    """
    folders = {generated.resolve(): generated} if generated.exists() else {}
    if concept.class_data_dir.strip():
        own = Path(concept.class_data_dir)
        folders = {own.resolve(): own, **folders}
    instances = Path(concept.instance_data_dir).resolve()
    for place, folder in folders.items():
        if place.is_relative_to(instances) or instances.is_relative_to(place):
            raise DataError(f"the class folder {folder} shares pictures with the instance folder {instances}")
    return read_pictures(list(folders.values()))


def num_class_images(concept: Concept, num_instances: int, method: Method) -> int:
    """How many class images a concept with so many instance images should have; none when finetuning."""
    return 0 if method == "finetune" else concept.num_class_images_per * num_instances


def _first_reason(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    count = "1 file was" if len(skipped) == 1 else f"{len(skipped)} files were"
    return f"; {count} skipped, the first, {skipped[0].path.name}: {skipped[0].reason}"
