"""Everything a run trains on: pictures with their prompts, sizes and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size, nearest_bucket, training_sizes
from dreambooth.data.concepts import (
    Picture,
    Pictures,
    class_pictures,
    instance_pictures,
    num_class_images,
    preservation_pictures,
)
from dreambooth.data.errors import DataError
from dreambooth.data.listing import Skipped
from dreambooth.data.loss_masks import LossMask, find_mask
from dreambooth.data.picture_options import PLAIN, PictureOptions
from dreambooth.data.prompts import class_caption, instance_caption


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture as it is trained."""

    image: Path
    original_size: Size
    size: Size  # what it is cropped to
    content_hash: str
    caption: str  # what ``[filewords]`` stands for
    prompt: str
    concept: int
    is_class: bool
    loss_weight: float
    repeats: int  # how often an epoch shows it; class images go by turns instead and have 1
    options: PictureOptions = PLAIN
    mask: LossMask | None = None  # None: everything is learnt

    @property
    def is_prior(self) -> bool:
        """Whether it is shown to keep what the model knows: a class image, or a picture that preserves."""
        return self.is_class or self.options.is_preservation


@dataclass(frozen=True)
class Dataset:
    """All examples of a run in the order of concepts and files, and what there is to tell about them."""

    instances: tuple[Example, ...]
    classes: tuple[Example, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]


def build_examples(config: TrainConfig, class_folders: Sequence[Path]) -> Dataset:
    """The examples of every concept; ``class_folders`` has, for each, where generated class images are kept.

    Of the class images, at most as many as the concept asks for are used, the user's own first. Raises
    DataError when a concept has no usable picture or a folder cannot be read.
    """
    if not config.concepts:
        raise DataError("there is no concept: add one with a folder of pictures")
    parts = [
        build_concept(config, index, folder)
        for (index, _), folder in zip(enumerate(config.concepts), class_folders, strict=True)
    ]
    return Dataset(
        instances=tuple(chain.from_iterable(part.instances for part in parts)),
        classes=tuple(chain.from_iterable(part.classes for part in parts)),
        skipped=tuple(chain.from_iterable(part.skipped for part in parts)),
        warnings=tuple(chain.from_iterable(part.warnings for part in parts)),
    )


def build_concept(config: TrainConfig, index: int, class_folder: Path) -> Dataset:
    """The examples of one concept."""
    concept = config.concepts[index]
    own = instance_pictures(concept, index)
    num_wanted = num_class_images(concept, len(own.usable), config.method)
    kept = preservation_pictures(concept)
    ordinary = class_pictures(concept, class_folder) if num_wanted else Pictures((), (), ())
    used = ordinary.usable[:num_wanted]
    shown = own.usable + kept.usable
    instances = tuple(_build_example(config, index, picture, is_class=False) for picture in shown)
    classes = tuple(_build_example(config, index, picture, is_class=True) for picture in used)
    warnings = [*own.warnings, *kept.warnings, *ordinary.warnings]
    if num_small := sum(map(_is_enlarged, shown, instances)):
        warnings.append(
            f"concept {index}: {num_small} of {len(instances)} pictures are enlarged for training"
        )
    if len(used) < num_wanted:
        warnings.append(f"concept {index}: there are {len(used)} of {num_wanted} class images")
    return Dataset(instances, classes, own.skipped + kept.skipped + ordinary.skipped, tuple(warnings))


def _build_example(config: TrainConfig, index: int, picture: Picture, *, is_class: bool) -> Example:
    concept = config.concepts[index]
    return Example(
        image=picture.image.path,
        original_size=Size(picture.image.width_px, picture.image.height_px),
        size=nearest_bucket(picture.image.width_px, picture.image.height_px, training_sizes(config.data)),
        content_hash=picture.image.content_hash,
        caption=picture.caption,
        prompt=_prompt(config, concept, picture, is_class=is_class),
        concept=index,
        is_class=is_class,
        loss_weight=_loss_weight(config, picture.options, is_class=is_class),
        repeats=1 if is_class or picture.options.is_preservation else concept.repeats,
        options=picture.options,
        mask=find_mask(picture.image.path, config.augment.masks, config.augment.unmasked_weight),
    )


def _prompt(config: TrainConfig, concept: Concept, picture: Picture, *, is_class: bool) -> str:
    if picture.options.is_preservation:
        return picture.caption  # its own words: what it shows must not be called by the token
    describe = class_caption if is_class else instance_caption
    return describe(concept, picture.caption, config.method)


def _loss_weight(config: TrainConfig, options: PictureOptions, *, is_class: bool) -> float:
    weight = config.loss.prior_loss_weight if is_class or options.is_preservation else 1.0
    return weight if options.loss_scale is None else weight * options.loss_scale


def _is_enlarged(picture: Picture, example: Example) -> bool:
    return picture.image.width_px < example.size.width_px or picture.image.height_px < example.size.height_px
