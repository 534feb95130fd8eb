"""Everything a run trains on: pictures with their prompts, sizes and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size, nearest_bucket, training_sizes
from dreambooth.data.concepts import Picture, Pictures, class_pictures, instance_pictures, num_class_images
from dreambooth.data.errors import DataError
from dreambooth.data.listing import Skipped
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
    class_prompt: str | None = None  # under which the untrained model's answer is preserved as well

    @property
    def is_prior(self) -> bool:
        """Whether it is there to preserve what the model knew."""
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
    ordinary = class_pictures(concept, class_folder) if num_wanted else Pictures((), (), ())
    used = ordinary.usable[:num_wanted]
    instances = tuple(_build_example(config, index, picture, is_class=False) for picture in own.usable)
    classes = tuple(_build_example(config, index, picture, is_class=True) for picture in used)
    warnings = [*own.warnings, *ordinary.warnings]
    if num_small := sum(map(_is_enlarged, own.usable, instances)):
        warnings.append(
            f"concept {index}: {num_small} of {len(instances)} pictures are enlarged for training"
        )
    if len(used) < num_wanted:
        warnings.append(f"concept {index}: there are {len(used)} of {num_wanted} class images")
    return Dataset(instances, classes, own.skipped + ordinary.skipped, tuple(warnings))


def _build_example(config: TrainConfig, index: int, picture: Picture, *, is_class: bool) -> Example:
    concept = config.concepts[index]
    describe = class_caption if is_class else instance_caption
    return Example(
        image=picture.image.path,
        original_size=Size(picture.image.width_px, picture.image.height_px),
        size=nearest_bucket(picture.image.width_px, picture.image.height_px, training_sizes(config.data)),
        content_hash=picture.image.content_hash,
        caption=picture.caption,
        prompt=describe(concept, picture.caption, config.method),
        concept=index,
        is_class=is_class,
        loss_weight=config.loss.prior_loss_weight if is_class else 1.0,
        repeats=1 if is_class else concept.repeats,
        options=picture.options,
    )


def _is_enlarged(picture: Picture, example: Example) -> bool:
    return picture.image.width_px < example.size.width_px or picture.image.height_px < example.size.height_px
