"""Everything a run trains on: pictures with their prompts, sizes and weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.concept import Concept
from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size, training_sizes
from dreambooth.data.concepts import (
    Picture,
    Pictures,
    class_pictures,
    instance_pictures,
    num_class_images,
    preservation_pictures,
)
from dreambooth.data.errors import DataError, PictureError
from dreambooth.data.fitting import fitting_mask, fitting_size
from dreambooth.data.listing import Skipped
from dreambooth.data.loss_masks import LossMask, look_at_mask
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
    instances, unfit = _build_part(config, index, own.usable + kept.usable, is_class=False)
    classes, unfit_classes = _build_part(config, index, used, is_class=True)
    if unfit and all(example.options.is_preservation for example in instances):
        raise DataError(f"concept {index}: no picture can be used; {unfit[0].path.name}: {unfit[0].reason}")
    warnings = [*own.warnings, *kept.warnings, *ordinary.warnings]
    warnings += [f"concept {index}: {told}" for told in mask_warnings(instances, config.augment)]
    if num_small := sum(map(_is_enlarged, instances)):
        warnings.append(
            f"concept {index}: {num_small} of {len(instances)} pictures are enlarged for training"
        )
    if len(classes) < num_wanted:
        warnings.append(f"concept {index}: there are {len(classes)} of {num_wanted} class images")
    skipped = (*own.skipped, *kept.skipped, *unfit, *ordinary.skipped, *unfit_classes)
    return Dataset(instances, classes, skipped, tuple(warnings))


def _build_part(
    config: TrainConfig, index: int, pictures: Sequence[Picture], *, is_class: bool
) -> tuple[tuple[Example, ...], list[Skipped]]:
    """Examples, and the pictures of which these settings can make none."""
    sizes = training_sizes(config.data, resolution_of(config, config.concepts[index]))
    built = [_build_example(config, index, picture, sizes, is_class=is_class) for picture in pictures]
    examples = tuple(each for each in built if isinstance(each, Example))
    return examples, [each for each in built if isinstance(each, Skipped)]


def _build_example(
    config: TrainConfig, index: int, picture: Picture, sizes: Sequence[Size], *, is_class: bool
) -> Example | Skipped:
    concept, image = config.concepts[index], picture.image
    try:
        size = fitting_size(image, sizes, config.data)
        mask = fitting_mask(image, config.augment)
    except PictureError as error:
        return Skipped(image.path, error.reason)
    return Example(
        image=image.path,
        original_size=Size(image.width_px, image.height_px),
        size=size,
        content_hash=image.content_hash,
        caption=picture.caption,
        prompt=_prompt(config, concept, picture, is_class=is_class),
        concept=index,
        is_class=is_class,
        loss_weight=config.loss.prior_loss_weight if is_class else 1.0,
        repeats=1 if is_class else concept.repeats,
        options=picture.options,
        mask=mask,
    )


def _prompt(config: TrainConfig, concept: Concept, picture: Picture, *, is_class: bool) -> str:
    if picture.options.is_preservation:
        return picture.caption  # its own words: what it shows must not be called by the token
    describe = class_caption if is_class else instance_caption
    return describe(concept, picture.caption, config.method)


def mask_warnings(instances: Sequence[Example], augment: AugmentConfig) -> Iterator[str]:
    """What is to be told of masks that do nothing, and of pictures without one."""
    own = [example for example in instances if not example.options.is_preservation]
    masks = [example.mask for example in own if example.mask is not None]
    if augment.masks == "off":
        return
    if not masks:
        yield f"augment.masks is {augment.masks}, and no picture has such a mask: everything is learnt"
    elif without := len(own) - len(masks):
        yield f"{without} of {len(own)} pictures have no mask and are learnt whole"
    if whole := sum(look_at_mask(mask).learnt_share == 1 for mask in masks):
        yield f"{whole} of {len(masks)} masks are white everywhere, which changes nothing"


def _is_enlarged(example: Example) -> bool:
    own, size = example.original_size, example.size
    return own.width_px < size.width_px or own.height_px < size.height_px
