"""What decides how a training goes: its pictures, the steps that follow from them, and the class images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.folders import ModelFolder
from dreambooth.config.rules import concept_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import count_steps, steps_per_epoch
from dreambooth.data.class_plan import ClassPlan, plan_class_images
from dreambooth.data.concepts import num_class_images
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Dataset, build_examples
from dreambooth.data.known_pictures import KnownPictures
from dreambooth.data.quotas import multiplier


@dataclass(frozen=True)
class Pictures:
    """All pictures of a training; without any, why."""

    dataset: Dataset | None
    class_plans: tuple[ClassPlan, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Steps:
    """How long a training lasts."""

    num_steps: int
    num_epochs: int
    per_epoch: int


def find_pictures(config: TrainConfig, folder: ModelFolder) -> Pictures:
    """What the folders of all concepts hold; every picture is decoded that was not known before."""
    if fault := next(concept_problems(config), None):
        return Pictures(None, fault=fault.advice)
    class_folders: list[Path] = [folder.classifiers(index) for index in range(len(config.concepts))]
    known = KnownPictures(folder.known_pictures)
    try:
        dataset = build_examples(config, class_folders)
        known.keep(dataset.images)
        steps_per_epoch(dataset, config)  # refuses pictures that no epoch would show
        return Pictures(dataset, _plan_classes(config, class_folders))
    except DataError as error:
        return Pictures(None, fault=str(error))


def _plan_classes(config: TrainConfig, class_folders: list[Path]) -> tuple[ClassPlan, ...]:
    if any(num_class_images(concept, 1, config.method) for concept in config.concepts):
        return tuple(plan_class_images(config, class_folders))
    return tuple(ClassPlan(index, have=0, need=0, missing=()) for index in range(len(config.concepts)))


def find_steps(config: TrainConfig, dataset: Dataset) -> Steps:
    """The steps that the training itself would count."""
    per_epoch, num_steps = steps_per_epoch(dataset, config), count_steps(config, dataset)
    return Steps(num_steps, -(-num_steps // per_epoch), per_epoch)


def common_repeats(dataset: Dataset) -> int | None:
    """How often an epoch shows each picture; None when they differ."""
    repeats = {multiplier(example) for example in dataset.instances}
    return int(repeats.pop()) if len(repeats) == 1 and not min(repeats) % 1 else None
