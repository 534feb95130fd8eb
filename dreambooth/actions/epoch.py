"""What an epoch would look like: its sizes, its steps, and batches that are smaller than the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from PIL import Image

from dreambooth.config.folders import ModelFolder
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError
from dreambooth.data.batches import Batch, Step, as_one_process, epoch_steps
from dreambooth.data.bucket_picture import draw_buckets, gather_buckets, is_smaller
from dreambooth.data.buckets import Size
from dreambooth.data.class_plan import ClassPlan, plan_class_images
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Dataset, build_examples
from dreambooth.data.quotas import count_shown


@dataclass(frozen=True)
class Epoch:
    """The first epoch of a training, and the class images that it is to have."""

    config: TrainConfig
    dataset: Dataset
    steps: list[Step]
    plans: list[ClassPlan]

    @property
    def batches(self) -> list[Batch]:
        """What passes through the model together, in order."""
        return [batch for step in self.steps for batch in step]


def plan_epoch(config: TrainConfig, folder: ModelFolder) -> Epoch:
    """The first epoch of a training with these settings; raises ConfigError where there could be none."""
    if problems := find_problems(config):
        raise ConfigError("\n".join(map(str, problems)))
    config = as_one_process(config)
    class_folders = [folder.classifiers(index) for index in range(len(config.concepts))]
    try:
        plans = plan_class_images(config, class_folders)
        dataset = build_examples(config, class_folders)
        return Epoch(config, dataset, epoch_steps(dataset, config, 0), plans)
    except DataError as error:
        raise ConfigError(str(error)) from error


def draw_epoch(epoch: Epoch) -> Image.Image:
    """Its sizes to scale, and how pictures are cut to them."""
    return draw_buckets(gather_buckets(epoch.batches, epoch.config.data.batch_size))


def describe_epoch(epoch: Epoch) -> dict[str, Any]:
    """An epoch in numbers."""
    config, dataset, steps, batches = epoch.config, epoch.dataset, epoch.steps, epoch.batches
    num_steps = config.duration.max_steps or config.duration.num_epochs * len(steps)
    return {
        "num_images": len(dataset.instances),
        "num_shown": count_shown(dataset.instances),
        "batch_size": config.data.batch_size,
        "steps_per_epoch": len(steps),
        "num_steps": num_steps,
        "num_epochs": -(-num_steps // len(steps)),
        "num_batches": len(batches),
        "num_smaller_batches": sum(is_smaller(batch, config.data.batch_size) for batch in batches),
        "buckets": [_describe_bucket(size, dataset, batches, config) for size in _sizes(batches)],
        "class_images": [
            {
                "concept": plan.concept,
                "have": plan.have,
                "need": plan.need,
                "will_generate": len(plan.missing),
            }
            for plan in epoch.plans
        ],
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in dataset.skipped],
        "warnings": list(dataset.warnings),
    }


def _sizes(batches: list[Batch]) -> list[Size]:
    return sorted({batch.size for batch in batches})


def _describe_bucket(
    size: Size, dataset: Dataset, batches: list[Batch], config: TrainConfig
) -> dict[str, Any]:
    held = [batch for batch in batches if batch.size == size]
    images = [example for example in dataset.instances if example.size == size]
    shown = Counter(item.example.is_class for batch in held for item in batch.items)
    return {
        "width": size.width_px,
        "height": size.height_px,
        "images": len(images),
        "shown": shown[False],
        "class_images_shown": shown[True],
        "batches": len(held),
        "smaller_batches": sum(is_smaller(batch, config.data.batch_size) for batch in held),
    }
