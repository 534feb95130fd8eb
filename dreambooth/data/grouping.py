"""Which showings of an epoch pass through the model together, and which make one optimizer step.

Nothing is dropped, padded or shown twice: whole batches are filled first, and what is left of every size is
joined into steps of smaller batches.

Pictures with the same ``batch_id`` share batches where enough of one size are there; the rest of a group goes
to the others. Batches of a group share an optimizer step where they fit: first into steps of their own, then
the rest of each group, the largest first, into the first step that has room for all of it (first-fit
decreasing); batches without a group fill the gaps.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar

from dreambooth.config.data import DataConfig
from dreambooth.data.buckets import Size
from dreambooth.data.examples import Example

T = TypeVar("T")
Shape = tuple[Size, int]  # what the pictures of a batch have in common: size, and concept where it counts
Kind = tuple[str, Shape]  # batch_id and shape


def shape_of(example: Example, data: DataConfig) -> Shape:
    """Pictures of one shape may share a batch."""
    return example.size, 0 if data.mix_concepts else example.concept


def instances_per_step(data: DataConfig) -> int:
    """How many instance images a whole optimizer step shows."""
    return data.batch_size * data.gradient_accumulation_steps


def group_by_step(shown: Iterable[Example], data: DataConfig, rng: random.Random) -> list[list[Example]]:
    """The instance examples of each step, shuffled; in a step, whole batches lie one behind the other."""
    shuffled = list(shown)
    rng.shuffle(shuffled)
    named, full, left = _fill_batches(shuffled, data)
    rng.shuffle(full)
    if named:
        full = _pack(named, full, data.gradient_accumulation_steps, rng)
    steps = chunks([*chain.from_iterable(full), *left], instances_per_step(data))
    is_last_smaller = bool(steps) and len(steps[-1]) < instances_per_step(data)
    smaller = [steps.pop()] if is_last_smaller else []
    rng.shuffle(steps)
    return steps + smaller


def chunks(items: Sequence[T], length: int) -> list[list[T]]:
    """The items in their order, so many at a time; the last may have fewer."""
    return [list(items[start : start + length]) for start in range(0, len(items), length)]


def _fill_batches(
    shown: Sequence[Example], data: DataConfig
) -> tuple[dict[str, list[list[Example]]], list[list[Example]], list[Example]]:
    """Whole batches of each named group, whole batches of the others, and what is left of every shape."""
    kinds: defaultdict[Kind, list[Example]] = defaultdict(list)
    for example in shown:
        kinds[example.options.batch_id, shape_of(example, data)].append(example)
    named: defaultdict[str, list[list[Example]]] = defaultdict(list)
    for (name, shape), held in list(kinds.items()):
        if name:
            num_full = len(held) // data.batch_size * data.batch_size
            named[name] += chunks(held[:num_full], data.batch_size)
            kinds["", shape] += held[num_full:]
    full: list[list[Example]] = []
    left: list[Example] = []
    for (name, _), held in kinds.items():
        if not name:
            num_full = len(held) // data.batch_size * data.batch_size
            full += chunks(held[:num_full], data.batch_size)
            left += held[num_full:]
    return {name: batches for name, batches in named.items() if batches}, full, left


def _pack(
    named: dict[str, list[list[Example]]], others: list[list[Example]], room: int, rng: random.Random
) -> list[list[Example]]:
    """All batches in an order in which every ``room`` of them make a step."""
    steps: list[list[list[Example]]] = []
    rests: list[list[list[Example]]] = []
    for batches in named.values():
        rng.shuffle(batches)
        *whole, rest = [*chunks(batches, room), []] if len(batches) % room == 0 else chunks(batches, room)
        steps += whole
        rests += [rest] if rest else []
    open_steps: list[list[list[Example]]] = []
    for rest in sorted(rests, key=len, reverse=True):
        place = next((step for step in open_steps if len(step) + len(rest) <= room), None)
        if place is None:
            open_steps.append(list(rest))
        else:
            place += rest
    fillers = iter(others)
    for step in open_steps:
        step += [batch for _, batch in zip(range(room - len(step)), fillers, strict=False)]
    whole_first = sorted(open_steps, key=len, reverse=True)
    return list(chain.from_iterable([*steps, *whole_first, [*fillers]]))
