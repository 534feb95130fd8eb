"""Which pictures are measured and not trained. Pure functions.

A picture's place is decided by a hash of its content and the seed: pictures that come later move none of the
others, a copy of a picture stands on the same side as the picture, and the names of files do not matter.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor
from typing import TypeVar

T = TypeVar("T")


def hold_out(pictures: Sequence[tuple[int, str]], fraction: float, seed: int) -> frozenset[int]:
    """The places of those (concept, content hash) that are held out.

    That is the fraction of all, halves rounded up, at least one; never the last picture of a concept, nor a
    picture without all of its copies.
    """
    if not fraction:
        return frozenset()
    num_wanted = max(1, floor(Fraction(str(fraction)) * len(pictures) + Fraction(1, 2)))
    left = Counter(concept for concept, _ in pictures)
    copies: defaultdict[str, list[int]] = defaultdict(list)
    for index, (_, content) in enumerate(pictures):
        copies[content].append(index)
    held: set[int] = set()
    for content in sorted(copies, key=lambda each: _rank(each, seed)):
        if len(held) >= num_wanted:
            break
        taken = Counter(pictures[index][0] for index in copies[content])
        if all(left[concept] > count for concept, count in taken.items()):
            held.update(copies[content])
            left -= taken
    return frozenset(held)


def fixed_sample(
    pictures: Sequence[T], content_of: Callable[[T], str], limit: int, seed: int
) -> tuple[T, ...]:
    """At most so many of the pictures, in their order: always the same ones."""
    ranked = sorted(range(len(pictures)), key=lambda index: (_rank(content_of(pictures[index]), seed), index))
    return tuple(pictures[index] for index in sorted(ranked[:limit]))


def _rank(content: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} validation {content}".encode()).hexdigest()
