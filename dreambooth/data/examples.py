"""Everything a run trains on: pictures with their prompts, sizes and weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from dreambooth.config.augment import AugmentConfig, Masks
from dreambooth.config.concept import Concept
from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size, training_sizes
from dreambooth.data.concepts import (
    Picture,
    Pictures,
    class_pictures,
    num_class_images,
    own_pictures,
    preservation_pictures,
    read_pictures,
)
from dreambooth.data.errors import DataError, PictureError
from dreambooth.data.fitting import fitting_mask, fitting_size, mask_warnings
from dreambooth.data.held_prompts import with_held_prompts
from dreambooth.data.holding_out import hold_out
from dreambooth.data.listing import Skipped
from dreambooth.data.loss_masks import LossMask
from dreambooth.data.picture_options import PLAIN, PictureOptions
from dreambooth.data.prompts import class_caption
from dreambooth.data.variation import vary_instance_prompt


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture as it is trained."""

    image: Path
    original_size: Size
    size: Size  # what it is cropped to
    content_hash: str
    caption: str  # as it was read; what ``[filewords]`` stands for, before it varies
    prompt: str  # without chances
    concept: int
    is_class: bool
    loss_weight: float
    repeats: int  # how often an epoch shows it; class images go by turns instead and have 1
    options: PictureOptions = PLAIN
    mask: LossMask | None = None  # None: everything is learnt
    class_prompt: str | None = None  # under which the untrained model's answer is preserved as well

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
    held_out: tuple[Example, ...] = ()  # of the concepts' own pictures those that are measured, not trained
    validation: tuple[Example, ...] = ()  # pictures of the folder that is measured

    @property
    def images(self) -> Iterator[Path]:
        """The files of all its pictures."""
        groups = (self.instances, self.classes, self.held_out, self.validation)
        return (example.image for example in chain(*groups))


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
    others = _read_validation(config)
    measured, unfit = _build_part(config, 0, others.usable, is_class=False)
    instances = tuple(chain.from_iterable(part.instances for part in parts))
    held = _hold_out(instances, config)
    return Dataset(
        instances=tuple(example for index, example in enumerate(instances) if index not in held),
        classes=tuple(chain.from_iterable(part.classes for part in parts)),
        skipped=(*chain.from_iterable(part.skipped for part in parts), *others.skipped, *unfit),
        warnings=(*chain.from_iterable(part.warnings for part in parts), *others.warnings),
        held_out=tuple(_measured(example) for index, example in enumerate(instances) if index in held),
        validation=tuple(map(_measured, measured)),
    )


def _read_validation(config: TrainConfig) -> Pictures:
    if not config.validation.data_dir.strip():
        return Pictures((), (), ())
    folder = Path(config.validation.data_dir)
    pictures = read_pictures([folder])
    if not pictures.usable:
        raise DataError(f"validation.data_dir: there is no usable picture in {folder}")
    return pictures


def _hold_out(instances: Sequence[Example], config: TrainConfig) -> frozenset[int]:
    """The places of pictures that are not trained; those that preserve what the model knows always are."""
    taught = [index for index, example in enumerate(instances) if not example.options.is_preservation]
    pictures = [(instances[index].concept, instances[index].content_hash) for index in taught]
    held = hold_out(pictures, config.validation.fraction, config.validation.seed)
    if config.validation.fraction and not held:
        raise DataError(
            "validation.fraction: no concept has a picture to spare; set 0, or name a validation folder"
        )
    return frozenset(taught[index] for index in held)


def _measured(example: Example) -> Example:
    """An example that is only looked at: nothing of how it would be trained."""
    return replace(example, repeats=1, loss_weight=1.0, options=PLAIN)


def build_concept(config: TrainConfig, index: int, class_folder: Path) -> Dataset:
    """The examples of one concept."""
    concept = config.concepts[index]
    own = own_pictures(concept, index)
    num_subject = sum(not picture.options.is_preservation for picture in own.usable)
    num_wanted = num_class_images(concept, num_subject, config.method)
    kept = preservation_pictures(concept)
    ordinary = class_pictures(concept, class_folder) if num_wanted else Pictures((), (), ())
    used = ordinary.usable[:num_wanted]
    instances, unfit = _build_part(config, index, own.usable + kept.usable, is_class=False)
    classes, unfit_classes = _build_part(config, index, used, is_class=True)
    if unfit and all(example.options.is_preservation for example in instances):
        raise DataError(f"concept {index}: no picture can be used; {unfit[0].path.name}: {unfit[0].reason}")
    instances = with_held_prompts(config, index, instances, classes)
    warnings = [*own.warnings, *kept.warnings, *ordinary.warnings]
    masks = [example.mask for example in instances if not example.options.is_preservation]
    warnings += [f"concept {index}: {told}" for told in mask_warnings(masks, config.augment)]
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
        mask = fitting_mask(image, _augment(config, picture.options))
    except PictureError as error:
        return Skipped(image.path, error.reason)
    return Example(
        image=image.path,
        original_size=Size(image.width_px, image.height_px),
        size=size,
        content_hash=image.content_hash,
        caption=picture.caption,
        prompt=_plain_prompt(config, concept, picture, is_class=is_class),
        concept=index,
        is_class=is_class,
        loss_weight=_loss_weight(config, picture.options, is_class=is_class),
        repeats=1 if is_class or picture.options.is_preservation else concept.repeats,
        options=picture.options,
        mask=mask,
    )


def _plain_prompt(config: TrainConfig, concept: Concept, picture: Picture, *, is_class: bool) -> str:
    if is_class:
        return class_caption(concept, picture.caption, config.method)
    return vary_instance_prompt(config, concept, picture.caption, picture.options, chances=None)


def _loss_weight(config: TrainConfig, options: PictureOptions, *, is_class: bool) -> float:
    weight = config.preservation.weight if is_class or options.is_preservation else 1.0
    return weight if options.loss_scale is None else weight * options.loss_scale


def _augment(config: TrainConfig, options: PictureOptions) -> AugmentConfig:
    """The settings; with the mask of its transparency where the picture asks for that itself."""
    if not options.alpha_mask:
        return config.augment
    with_alpha: dict[Masks, Masks] = {"off": "alpha", "file": "both"}
    return replace(config.augment, masks=with_alpha.get(config.augment.masks, config.augment.masks))


def _is_enlarged(example: Example) -> bool:
    own, size = example.original_size, example.size
    return own.width_px < size.width_px or own.height_px < size.height_px
