"""What every optimizer step sees. All of it follows from the dataset, the settings, the seed and the step."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice, zip_longest
from typing import TypeVar

from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.looks import PLAIN, Look, draw_look
from dreambooth.data.prompts import shuffle_tags

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """An example as it is shown this once."""

    example: Example
    flipped: bool  # mirrored left to right
    prompt: str
    look: Look = PLAIN
    is_masked: bool = True  # learnt within its mask, where it has one


@dataclass(frozen=True)
class Batch:
    """What passes through the model together: examples of one size, at most batch_size of each kind."""

    items: tuple[Item, ...]

    @property
    def size(self) -> Size:
        """The size of every picture."""
        return self.items[0].example.size


Step = tuple[Batch, ...]  # one optimizer step


def steps_per_epoch(dataset: Dataset, config: TrainConfig) -> int:
    """Optimizer steps that show every instance image ``repeats`` times; the last one may be smaller."""
    num_shown = sum(example.repeats for example in dataset.instances)
    return -(-num_shown // _instances_per_step(config.data))


def count_steps(config: TrainConfig, dataset: Dataset) -> int:
    """Optimizer steps of the whole run."""
    return config.duration.max_steps or config.duration.num_epochs * steps_per_epoch(dataset, config)


def epoch_steps(dataset: Dataset, config: TrainConfig, epoch: int) -> list[Step]:
    """The steps of an epoch (0 is the first): instance images ``repeats`` times, class images by turns."""
    return list(_build_steps(dataset, config, epoch, first=0))


def iterate_steps(dataset: Dataset, config: TrainConfig, start: int) -> Iterator[Step]:
    """Step ``start`` (the first of the run is 0) and all that follow, without end."""
    epoch, first = divmod(start, steps_per_epoch(dataset, config))
    yield from _build_steps(dataset, config, epoch, first)
    for later in count(epoch + 1):
        yield from _build_steps(dataset, config, later, first=0)


def find_step(dataset: Dataset, config: TrainConfig, step: int) -> Step:
    """What step ``step`` sees, whether or not the run was interrupted before it."""
    return next(iterate_steps(dataset, config, step))


def _build_steps(dataset: Dataset, config: TrainConfig, epoch: int, first: int) -> Iterator[Step]:
    seed = config.seed
    groups = _group_by_step(dataset, config.data, random.Random(f"{seed} batches {epoch}"))
    partners = _deal_partners(dataset, list(chain.from_iterable(groups)), seed, epoch)
    number = epoch * len(groups)
    for index, group in enumerate(groups):
        beside = [partner for partner in islice(partners, len(group)) if partner is not None]
        if index >= first:
            yield _build_step(group, beside, config, f"{seed} item {number + index}")


def _group_by_step(dataset: Dataset, data: DataConfig, rng: random.Random) -> list[list[Example]]:
    """The instance examples of each step, shuffled.

    Whole batches are filled first; what is left of every size is joined into steps of smaller batches.
    """
    shown = [example for example in dataset.instances for _ in range(example.repeats)]
    rng.shuffle(shown)
    by_size: defaultdict[Size, list[Example]] = defaultdict(list)
    for example in shown:
        by_size[example.size].append(example)
    full: list[list[Example]] = []
    left: list[Example] = []
    for group in by_size.values():
        num_full = len(group) // data.batch_size * data.batch_size
        full += _chunks(group[:num_full], data.batch_size)
        left += group[num_full:]
    rng.shuffle(full)
    steps = _chunks([*chain.from_iterable(full), *left], _instances_per_step(data))
    is_last_smaller = len(steps[-1]) < _instances_per_step(data)
    smaller = [steps.pop()] if is_last_smaller else []
    rng.shuffle(steps)
    return steps + smaller


def _deal_partners(
    dataset: Dataset, shown: Sequence[Example], seed: int, epoch: int
) -> Iterator[Example | None]:
    """A class image of the same concept for each instance example; None where the concept has none.

    Each concept's class images take turns through the whole run, in an order that is new each time round.
    """
    turns = {}
    for concept in {example.concept for example in dataset.classes}:
        classes = [example for example in dataset.classes if example.concept == concept]
        num_shown = sum(example.repeats for example in dataset.instances if example.concept == concept)
        turns[concept] = _take_turns(classes, f"{seed} class {concept}", start=epoch * num_shown)
    for example in shown:
        yield next(turns[example.concept]) if example.concept in turns else None


def _take_turns(examples: Sequence[Example], seed: str, start: int) -> Iterator[Example]:
    """The examples shuffled, again and again without end, from position ``start`` of that sequence."""
    first_round, position = divmod(start, len(examples))
    for number in count(first_round):
        shuffled = random.Random(f"{seed} {number}").sample(examples, len(examples))
        yield from shuffled[position:]
        position = 0


def _build_step(instances: list[Example], classes: list[Example], config: TrainConfig, seed: str) -> Step:
    """Batches by size; class images share a batch with instance images of their size while there are any."""
    batch_size = config.data.batch_size
    batches: list[list[Example]] = []
    for size in dict.fromkeys(example.size for example in instances + classes):
        own = _chunks([example for example in instances if example.size == size], batch_size)
        ordinary = _chunks([example for example in classes if example.size == size], batch_size)
        batches += [(ours or []) + (theirs or []) for ours, theirs in zip_longest(own, ordinary)]
    index = count()
    return tuple(
        Batch(tuple(_build_item(example, config, f"{seed} {next(index)}") for example in batch))
        for batch in batches
    )


def _build_item(example: Example, config: TrainConfig, where: str) -> Item:
    rng = random.Random(where)
    chances = rng.random(), rng.random()  # always both, so that one setting does not move what another draws
    prompt = shuffle_tags(example.prompt, rng) if config.captions.shuffle_tags else example.prompt
    if chances[1] < config.captions.dropout_probability:
        prompt = ""
    return Item(
        example,
        flipped=chances[0] < config.augment.flip_probability,
        prompt=prompt,
        look=_draw_look(example, config, where),
        is_masked=random.Random(f"{where} mask").random() >= config.augment.unmasked_probability,
    )


def _draw_look(example: Example, config: TrainConfig, where: str) -> Look:
    whole, size = example.original_size, example.size
    picture = example.content_hash
    return draw_look(config.augment, whole, size, where=where, picture=picture, seed=config.seed)


def _instances_per_step(data: DataConfig) -> int:
    return data.batch_size * data.gradient_accumulation_steps


def _chunks(items: list[T], length: int) -> list[list[T]]:
    return [items[start : start + length] for start in range(0, len(items), length)]
