"""Everything a run trains on: pictures with their prompts, sizes and weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.data import DataConfig
from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size, choose_size, training_sizes
from dreambooth.data.concepts import Picture, Pictures, class_pictures, instance_pictures, num_class_images
from dreambooth.data.errors import DataError, PictureError
from dreambooth.data.images import ImageInfo
from dreambooth.data.listing import Skipped
from dreambooth.data.loss_masks import LossMask, find_mask, look_at_mask
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
    ordinary = class_pictures(concept, class_folder) if num_wanted else Pictures((), (), ())
    used = ordinary.usable[:num_wanted]
    instances, unfit = _build_part(config, index, own.usable, is_class=False)
    classes, unfit_classes = _build_part(config, index, used, is_class=True)
    if not instances:
        raise DataError(f"concept {index}: no picture can be used; of the first: {unfit[0].reason}")
    warnings = [*own.warnings, *ordinary.warnings, *_mask_warnings(config, index, instances)]
    if num_small := sum(map(_is_enlarged, instances)):
        warnings.append(
            f"concept {index}: {num_small} of {len(instances)} pictures are enlarged for training"
        )
    if len(classes) < num_wanted:
        warnings.append(f"concept {index}: there are {len(classes)} of {num_wanted} class images")
    skipped = (*own.skipped, *unfit, *ordinary.skipped, *unfit_classes)
    return Dataset(instances, classes, skipped, tuple(warnings))


def _build_part(
    config: TrainConfig, index: int, pictures: Sequence[Picture], *, is_class: bool
) -> tuple[tuple[Example, ...], list[Skipped]]:
    """Examples, and the pictures of which these settings can make none."""
    sizes = training_sizes(config.data, resolution_of(config, config.concepts[index]))
    examples: list[Example] = []
    unfit: list[Skipped] = []
    for picture in pictures:
        try:
            examples.append(_build_example(config, index, picture, sizes, is_class=is_class))
        except PictureError as error:
            unfit.append(Skipped(picture.image.path, error.reason))
    return tuple(examples), unfit


def _build_example(
    config: TrainConfig, index: int, picture: Picture, sizes: Sequence[Size], *, is_class: bool
) -> Example:
    concept, image = config.concepts[index], picture.image
    describe = class_caption if is_class else instance_caption
    size = choose_size(image.width_px, image.height_px, sizes, config.data)
    if size is None:
        raise PictureError(image.path, _too_small(image, config.data))
    return Example(
        image=image.path,
        original_size=Size(image.width_px, image.height_px),
        size=size,
        content_hash=image.content_hash,
        caption=picture.caption,
        prompt=describe(concept, picture.caption, config.method),
        concept=index,
        is_class=is_class,
        loss_weight=config.loss.prior_loss_weight if is_class else 1.0,
        repeats=1 if is_class else concept.repeats,
        options=picture.options,
        mask=_find_mask(image, config.augment),
    )


def _find_mask(image: ImageInfo, augment: AugmentConfig) -> LossMask | None:
    """The mask of a picture; raises PictureError when it cannot be used, or lets nothing be learnt."""
    mask = find_mask(image.path, augment.masks, augment.unmasked_weight)
    if mask is None:
        return None
    facts = look_at_mask(mask)
    if not facts.has_shape_of(image.width_px, image.height_px):
        told = f"its mask {mask.file.name} has {facts.width_px}×{facts.height_px} px, another shape than it has"
        raise PictureError(image.path, told)
    if facts.learnt_share == 0 and not augment.unmasked_weight:
        where = "it is transparent" if mask.channel == "alpha" else f"its mask {mask.file.name} is black"
        raise PictureError(image.path, f"{where} everywhere: nothing would be learnt from it")
    return mask


def _mask_warnings(config: TrainConfig, index: int, instances: Sequence[Example]) -> Iterator[str]:
    if config.augment.masks == "off":
        return
    without = sum(example.mask is None for example in instances)
    if without == len(instances):
        yield f"concept {index}: augment.masks is {config.augment.masks}, and no picture has such a mask"
    elif without:
        yield f"concept {index}: {without} of {len(instances)} pictures have no mask and are learnt whole"
    masks = [example.mask for example in instances if example.mask is not None]
    if whole := sum(look_at_mask(mask).learnt_share == 1 for mask in masks):
        yield f"concept {index}: the masks of {whole} pictures are white everywhere, which changes nothing"


def _too_small(image: ImageInfo, data: DataConfig) -> str:
    step = data.bucket_step_px
    return (
        f"{image.width_px}×{image.height_px} px is less than a bucket step of {step} px, "
        "and data.bucket_no_upscale enlarges nothing"
    )


def _is_enlarged(example: Example) -> bool:
    own, size = example.original_size, example.size
    return own.width_px < size.width_px or own.height_px < size.height_px
