"""What every optimizer step sees. All of it follows from the dataset, the settings, the seed and the step."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice, zip_longest

from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.grouping import Shape, chunks, group_by_step, instances_per_step, shape_of
from dreambooth.data.looks import PLAIN, Look, draw_look
from dreambooth.data.prompts import shuffle_tags
from dreambooth.data.quotas import count_shown, shown_in_epoch


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
    """Optimizer steps of an epoch; the last one may be smaller. Raises DataError where nothing is shown."""
    num_shown = count_shown(dataset.instances)
    if not num_shown:
        raise DataError("an epoch would show no picture: raise the multipliers of the folders (multiply.txt)")
    return -(-num_shown // instances_per_step(config.data))


def count_steps(config: TrainConfig, dataset: Dataset) -> int:
    """Optimizer steps of the whole run."""
    return config.duration.max_steps or config.duration.num_epochs * steps_per_epoch(dataset, config)


def epoch_steps(dataset: Dataset, config: TrainConfig, epoch: int) -> list[Step]:
    """The steps of an epoch (0 is the first): pictures by their multipliers, class images by turns."""
    length = steps_per_epoch(dataset, config)
    return list(islice(iterate_steps(dataset, config, epoch * length), length))


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
    shown = shown_in_epoch(dataset.instances, seed, epoch)
    groups = group_by_step(shown, config.data, random.Random(f"{seed} batches {epoch}"))
    partners = _deal_partners(dataset, list(chain.from_iterable(groups)), seed, epoch)
    number = epoch * len(groups)
    for index, group in enumerate(groups):
        beside = [partner for partner in islice(partners, len(group)) if partner is not None]
        if index >= first:
            yield _build_step(group, beside, config, f"{seed} item {number + index}")


def _deal_partners(
    dataset: Dataset, shown: Sequence[Example], seed: int, epoch: int
) -> Iterator[Example | None]:
    """A class image of the same concept for each instance example; None where the concept has none.

    Each concept's class images take turns through the whole run, in an order that is new each time round.
    Pictures that preserve what the model knows have no partner: they are one.
    """
    classes: defaultdict[int, list[Example]] = defaultdict(list)
    for example in dataset.classes:
        classes[example.concept].append(example)
    num_shown = Counter(example.concept for example in shown if not example.options.is_preservation)
    turns = {
        concept: _take_turns(held, f"{seed} class {concept}", start=epoch * num_shown[concept])
        for concept, held in classes.items()
    }
    for example in shown:
        has_partner = example.concept in turns and not example.options.is_preservation
        yield next(turns[example.concept]) if has_partner else None


def _take_turns(examples: Sequence[Example], seed: str, start: int) -> Iterator[Example]:
    """The examples shuffled, again and again without end, from position ``start`` of that sequence."""
    first_round, position = divmod(start, len(examples))
    for number in count(first_round):
        shuffled = random.Random(f"{seed} {number}").sample(examples, len(examples))
        yield from shuffled[position:]
        position = 0


def _build_step(instances: list[Example], classes: list[Example], config: TrainConfig, seed: str) -> Step:
    """Batches by shape; class images share one with instance images of their shape while there are any."""
    batch_size = config.data.batch_size
    shapes: dict[Shape, tuple[list[Example], list[Example]]] = {}
    for example in instances + classes:
        own, ordinary = shapes.setdefault(shape_of(example, config.data), ([], []))
        (ordinary if example.is_class else own).append(example)
    batches: list[list[Example]] = []
    for own, ordinary in shapes.values():
        pairs = zip_longest(chunks(own, batch_size), chunks(ordinary, batch_size))
        batches += [(ours or []) + (theirs or []) for ours, theirs in pairs]
    index = count()
    return tuple(
        Batch(tuple(_build_item(example, config, f"{seed} {next(index)}") for example in batch))
        for batch in batches
    )


def _build_item(example: Example, config: TrainConfig, where: str) -> Item:
    rng = random.Random(where)
    chances = rng.random(), rng.random()  # always both, so that one setting does not move what another draws
    prompt = shuffle_tags(example.prompt, rng) if config.captions.shuffle_tags else example.prompt
    if chances[1] < dropout_of(example, config):
        prompt = ""
    return Item(
        example,
        flipped=chances[0] < flip_of(example, config),
        prompt=prompt,
        look=_draw_look(example, config, where),
        is_masked=random.Random(f"{where} mask").random() >= config.augment.unmasked_probability,
    )


def _draw_look(example: Example, config: TrainConfig, where: str) -> Look:
    whole, size = example.original_size, example.size
    picture = example.content_hash
    return draw_look(config.augment, whole, size, where=where, picture=picture, seed=config.seed)


def flip_of(example: Example, config: TrainConfig) -> float:
    """The share of its showings in which a picture is mirrored."""
    own = example.options.flip_p
    return config.augment.flip_probability if own is None else own


def dropout_of(example: Example, config: TrainConfig) -> float:
    """The share of its showings in which a picture has no words."""
    own = example.options.cond_dropout
    return config.captions.dropout_probability if own is None else own
