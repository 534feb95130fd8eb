"""Which class images are there, and which still have to be generated."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dreambooth.config.settings import TrainConfig
from dreambooth.data.concepts import class_pictures, instance_pictures, num_class_images
from dreambooth.data.prompts import class_caption, class_captions


@dataclass(frozen=True)
class ClassPlan:
    """The class images of one concept, counted whatever their prompt and size."""

    concept: int
    have: int
    need: int
    missing: tuple[str, ...]  # a prompt for each image to generate, and the caption to save beside it


def plan_class_images(config: TrainConfig, class_folders: Sequence[Path]) -> list[ClassPlan]:
    """A plan for every concept; ``class_folders`` has, for each, where generated class images are kept.

    The plan after generating the first of the missing images misses the rest, in the same order.
    """
    return [
        plan_concept(config, index, folder)
        for (index, _), folder in zip(enumerate(config.concepts), class_folders, strict=True)
    ]


def plan_concept(config: TrainConfig, index: int, class_folder: Path) -> ClassPlan:
    """The plan of one concept."""
    concept = config.concepts[index]
    if num_class_images(concept, 1, config.method) == 0:  # thousands of pictures need not be looked at
        return ClassPlan(index, have=0, need=0, missing=())
    instances = instance_pictures(concept, index).usable
    need = num_class_images(concept, len(instances), config.method)
    existing = class_pictures(concept, class_folder).usable
    num_missing = max(need - len(existing), 0)
    owed = [class_captions(concept, picture.caption, config.method) for picture in instances]
    made = [class_caption(concept, picture.caption, config.method) for picture in existing]
    missing = fair_shares(list(chain.from_iterable(owed)), made, concept.num_class_images_per, num_missing)
    return ClassPlan(index, len(existing), need, missing)


def fair_shares(owed: Sequence[str], made: Sequence[str], num_each: int, num_missing: int) -> tuple[str, ...]:
    """``num_missing`` of the prompts in ``owed``, always the one that lacks most of its ``num_each`` images.

    A prompt that is owed twice has two shares. Of equals, the first in ``owed`` goes first.
    """
    done = Counter(made)
    lacking = {prompt: count * num_each - done[prompt] for prompt, count in Counter(owed).items()}
    queue = [(-count, order, prompt) for order, (prompt, count) in enumerate(lacking.items())]
    heapq.heapify(queue)
    chosen = []
    for _ in range(num_missing):
        negative, order, prompt = queue[0]
        heapq.heapreplace(queue, (negative + 1, order, prompt))
        chosen.append(prompt)
    return tuple(chosen)
