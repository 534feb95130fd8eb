"""What every optimizer step sees. All of it follows from the dataset, the settings, the seed and the step."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice, zip_longest

from dreambooth.config.data import DataConfig
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.grouping import Shape, chunks, group_by_step, instances_per_step, shape_of
from dreambooth.data.looks import PLAIN, Look, draw_look, plain_look
from dreambooth.data.quotas import count_shown, shown_in_epoch
from dreambooth.data.variation import Chances, varies, vary_instance_prompt, vary_tags


@dataclass(frozen=True)
class Item:
    """An example as it is shown this once."""

    example: Example
    flipped: bool  # mirrored left to right
    prompt: str
    look: Look = PLAIN
    is_masked: bool = True  # learnt within its mask, where it has one


@dataclass(frozen=True)
class Share:
    """The rows of a batch that one of several processes computes."""

    rows: slice
    num_whole: int


@dataclass(frozen=True)
class Batch:
    """What passes through the model together: examples of one size, at most batch_size of each kind."""

    items: tuple[Item, ...]
    share: Share | None = None  # where several processes compute the rows of a batch

    @property
    def num_whole(self) -> int:
        """How many examples the whole batch has."""
        return self.share.num_whole if self.share else len(self.items)

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
    return -(-num_shown // instances_per_step(as_one_process(config).data))


def as_one_process(config: TrainConfig) -> TrainConfig:
    """The settings by which one process alone would see what several see together."""
    batch_size = config.data.batch_size * config.machines.num_processes
    return replace(config, data=replace(config.data, batch_size=batch_size), machines=MachinesConfig())


def share_of(step: Step, number: int, count: int) -> Step:
    """What process ``number`` of ``count`` computes of a step: of every batch each ``count``-th example.

    Batches keep their places, since random numbers are drawn for whole batches by their numbers; so one may
    have no items.
    """
    rows = slice(number, None, count)
    return tuple(Batch(batch.items[rows], Share(rows, len(batch.items))) for batch in step)


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
    config = as_one_process(config)
    seed = config.seed
    shown = shown_in_epoch(dataset.instances, seed, epoch)
    groups = group_by_step(shown, config.data, random.Random(f"{seed} batches {epoch}"))
    partners = _deal_partners(dataset, list(chain.from_iterable(groups)), seed, epoch)
    number = epoch * len(groups)
    for index, group in enumerate(groups):
        beside = [partner for partner in islice(partners, len(group)) if partner is not None]
        if index >= first:
            batches = _fill_batches(group, beside, config.data)
            yield _show(batches, config, epoch, f"{seed} item {number + index}")


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


def _fill_batches(instances: list[Example], classes: list[Example], data: DataConfig) -> list[list[Example]]:
    """Batches by shape; class images share one with instance images of their shape while there are any."""
    shapes: dict[Shape, tuple[list[Example], list[Example]]] = {}
    for example in instances + classes:
        own, ordinary = shapes.setdefault(shape_of(example, data), ([], []))
        (ordinary if example.is_class else own).append(example)
    batches: list[list[Example]] = []
    for own, ordinary in shapes.values():
        pairs = zip_longest(chunks(own, data.batch_size), chunks(ordinary, data.batch_size))
        batches += [(ours or []) + (theirs or []) for ours, theirs in pairs]
    return batches


def _show(batches: list[list[Example]], config: TrainConfig, epoch: int, seed: str) -> Step:
    index = count()
    return tuple(
        Batch(tuple(_build_item(example, config, epoch, f"{seed} {next(index)}") for example in batch))
        for batch in batches
    )


def _build_item(example: Example, config: TrainConfig, epoch: int, where: str) -> Item:
    rng = random.Random(where)
    chances = rng.random(), rng.random()  # always both, so that one setting does not move what another draws
    is_dropped = chances[1] < dropout_of(example, config, epoch)
    return Item(
        example,
        flipped=chances[0] < flip_of(example, config),
        prompt="" if is_dropped else _shown_prompt(example, config, Chances(where, rng)),
        look=_draw_look(example, config, where),
        is_masked=random.Random(f"{where} mask").random() >= config.augment.unmasked_probability,
    )


def _draw_look(example: Example, config: TrainConfig, where: str) -> Look:
    whole, size = example.original_size, example.size
    picture = example.content_hash
    return draw_look(config.augment, whole, size, where=where, picture=picture, seed=config.seed)


def _shown_prompt(example: Example, config: TrainConfig, chances: Chances) -> str:
    if not varies(config.captions, example.options):
        return example.prompt
    if example.is_class:
        return vary_tags(example.prompt, config.captions, example.options, chances)
    concept = config.concepts[example.concept]
    return vary_instance_prompt(config, concept, example.caption, example.options, chances)


def still_item(example: Example, config: TrainConfig) -> Item:
    """An example as it is shown without chances."""
    return Item(example, flipped=False, prompt=example.prompt, look=plain_look(config.augment))


def flip_of(example: Example, config: TrainConfig) -> float:
    """The share of its showings in which a picture is mirrored."""
    own = example.options.flip_p
    return config.augment.flip_probability if own is None else own


def flips_of(example: Example, config: TrainConfig) -> tuple[bool, ...]:
    """Whether a picture is ever shown mirrored, and whether ever as it is."""
    share = flip_of(example, config)
    return (*([False] if share < 1 else []), *([True] if share > 0 else []))


def dropout_of(example: Example, config: TrainConfig, epoch: int) -> float:
    """The share of its showings in an epoch (0 is the first) in which a picture has no words."""
    if example.options.cond_dropout is not None:
        return example.options.cond_dropout
    every = config.captions.dropout_every_epochs
    return 1.0 if every and (epoch + 1) % every == 0 else config.captions.dropout_probability
