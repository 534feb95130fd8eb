"""The captioned pictures of a concept: those of the subject, and those of its class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.settings import Method
from dreambooth.data.errors import DataError
from dreambooth.data.images import ImageInfo, find_images
from dreambooth.data.listing import Skipped
from dreambooth.data.picture_options import PLAIN, PictureOptions
from dreambooth.data.roots.reading import Fault, read_words, tell_faults


@dataclass(frozen=True)
class Picture:
    """A picture and what it shows in words."""

    image: ImageInfo
    caption: str
    options: PictureOptions = PLAIN


@dataclass(frozen=True)
class Pictures:
    """What some folders and lists hold, in order, and what there is to tell about it."""

    usable: tuple[Picture, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]


def read_pictures(places: Sequence[Path]) -> Pictures:
    """Every picture of the folders and lists with its caption and options, one place after another."""
    usable: list[Picture] = []
    skipped: list[Skipped] = []
    warnings: list[str] = []
    faults: list[Fault] = []
    left_out: Counter[str] = Counter()
    for place in places:
        found = find_images(place)
        skipped += found.skipped
        warnings += found.warnings
        for source, image in zip(found.sources, found.images, strict=True):
            words = read_words(source)
            faults += words.faults
            if words.options.multiply == 0:
                left_out[words.options.quota] += 1
            else:
                usable.append(Picture(image, words.caption, words.options))
    warnings += tell_faults(faults)
    warnings += (
        f"{place}: {count} pictures are left out, multiply is 0" for place, count in left_out.items()
    )
    return Pictures(tuple(usable), tuple(skipped), tuple(warnings))


def instance_pictures(concept: Concept, index: int) -> Pictures:
    """The pictures of the subject alone; raises DataError when there is not a single usable one."""
    pictures = own_pictures(concept, index)
    usable = tuple(picture for picture in pictures.usable if not picture.options.is_preservation)
    return replace(pictures, usable=usable)


def own_pictures(concept: Concept, index: int) -> Pictures:
    """The pictures of the subject, and those to be preserved that lie with them.

    Raises DataError when there is not a single usable one of the subject.
    """
    if not concept.instance_data_dir.strip():
        raise DataError(f"concept {index} has no instance folder: say where its pictures are")
    place = Path(concept.instance_data_dir)
    pictures = read_pictures([place])
    if all(picture.options.is_preservation for picture in pictures.usable):
        raise DataError(f"concept {index}: no usable picture in {place}{_first_reason(pictures.skipped)}")
    return _with_multiplier(pictures, concept, place)


def preservation_pictures(concept: Concept) -> Pictures:
    """The real pictures elsewhere that keep the model as it is; raises DataError when they cannot be read."""
    if not concept.preservation_data_dir.strip():
        return Pictures((), (), ())
    place, instances = Path(concept.preservation_data_dir), Path(concept.instance_data_dir)
    here, there = place.resolve(), instances.resolve()
    if concept.instance_data_dir.strip() and (here.is_relative_to(there) or there.is_relative_to(here)):
        raise DataError(
            f"the preservation folder {place} shares pictures with the instance folder {instances}: move it "
            "elsewhere, or name it preservation and clear the field"
        )
    pictures = read_pictures([place])
    marked = (
        replace(picture, options=replace(picture.options, is_preservation=True))
        for picture in pictures.usable
    )
    return _with_multiplier(replace(pictures, usable=tuple(marked)), concept, place)


def _with_multiplier(pictures: Pictures, concept: Concept, place: Path) -> Pictures:
    """The concept's multiplier for pictures to be preserved that have none of their own."""
    each, quota = Fraction(str(concept.preservation_multiply)), f"{place} (preservation)"
    usable = tuple(
        replace(picture, options=replace(picture.options, multiply=each, quota=quota))
        if picture.options.is_preservation and picture.options.multiply is None
        else picture
        for picture in pictures.usable
    )
    return replace(pictures, usable=usable)


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
    pictures = read_pictures(list(folders.values()))
    if num_multiplied := sum(each.options.multiply not in (None, 1) for each in pictures.usable):
        told = f"class images go by turns: multiply is not used for {num_multiplied} of them"
        pictures = replace(pictures, warnings=(*pictures.warnings, told))
    return pictures


def num_class_images(concept: Concept, num_instances: int, method: Method) -> int:
    """How many class images a concept with so many instance images should have; none when finetuning."""
    return 0 if method == "finetune" else concept.num_class_images_per * num_instances


def _first_reason(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    count = "1 file was" if len(skipped) == 1 else f"{len(skipped)} files were"
    return f"; {count} skipped, the first, {skipped[0].path.name}: {skipped[0].reason}"
