"""Which pictures an epoch shows, and how often: multipliers are kept exactly.

The multiplier of a picture is ``repeats`` of its concept × its own ``multiply``. The whole part is how often
an epoch shows it. The fraction f of n pictures that share a quota, e.g. those of a folder, gives every epoch
round(f · n) of them once more, halves rounded up, drawn anew each time: of 1000 pictures at 0.025 always 25.
So every epoch is as long as the others. (EveryDream promises the same; its program has one quota for all
folders, in which counts vary and early pictures are preferred.)
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from math import floor

from dreambooth.data.examples import Example

Quota = tuple[int, str, Fraction]  # concept, name, and what is left of the multiplier


def multiplier(example: Example) -> Fraction | int:
    """How often an epoch shows the picture, on average over its quota."""
    multiply = example.options.multiply
    return example.repeats if multiply is None else example.repeats * multiply


def count_shown(examples: Sequence[Example]) -> int:
    """How many showings every epoch has."""
    whole = sum(floor(multiplier(example)) for example in examples)
    return whole + sum(_num_drawn(quota, len(held)) for quota, held in _quotas(examples).items())


def shown_in_epoch(examples: Sequence[Example], seed: int, epoch: int) -> list[Example]:
    """Every showing of an epoch in the order of the examples; it follows from the seed and the epoch."""
    drawn: set[int] = set()
    for quota, held in _quotas(examples).items():
        concept, name, fraction = quota
        rng = random.Random(f"{seed} quota {epoch} {concept} {fraction} {name}")
        drawn.update(rng.sample(held, _num_drawn(quota, len(held))))
    return [
        example
        for index, example in enumerate(examples)
        for _ in range(floor(multiplier(example)) + (index in drawn))
    ]


def _quotas(examples: Sequence[Example]) -> dict[Quota, list[int]]:
    """The places of the examples that share a fraction, those without one left out."""
    quotas: defaultdict[Quota, list[int]] = defaultdict(list)
    for index, example in enumerate(examples):
        if fraction := multiplier(example) % 1:
            quotas[example.concept, example.options.quota, Fraction(fraction)].append(index)
    return quotas


def _num_drawn(quota: Quota, num_pictures: int) -> int:
    return floor(quota[-1] * num_pictures + Fraction(1, 2))
