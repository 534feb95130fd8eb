"""Which tags a WD14 tagger means by its numbers, and how they are written in a caption. Pure functions."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dreambooth.data.errors import DataError

GENERAL, CHARACTER = 0, 4  # categories that are written; 9 are ratings
CHARACTER_THRESHOLD = 0.85  # a wrong name does more harm than a wrong tag


@dataclass(frozen=True)
class Tag:
    """A tag in the order of the tagger's numbers."""

    name: str
    category: int


def read_tags(path: Path) -> list[Tag]:
    """The tags of a ``selected_tags.csv``; raises DataError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [Tag(row["name"], int(row["category"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no list of tags with the columns name and category: {error}") from None


def choose_tags(tags: Sequence[Tag], shares: Sequence[float], threshold: float) -> list[str]:
    """The tags that a picture has by their ``shares`` of certainty, in words, the surest first.

    Characters need at least CHARACTER_THRESHOLD.
    """
    least = {GENERAL: threshold, CHARACTER: max(threshold, CHARACTER_THRESHOLD)}
    found = [
        (share, tag.name)
        for tag, share in zip(tags, shares, strict=True)
        if tag.category in least and share >= least[tag.category]
    ]
    return [in_words(name) for _, name in sorted(found, key=lambda pair: -pair[0])]


def in_words(tag: str) -> str:
    """The tag with spaces for underscores, unless it draws a face.

    >>> in_words("blue_sky"), in_words("^_^"), in_words("x_x")
    ('blue sky', '^_^', 'x_x')
    """
    # Beside the mouth of a face stands an eye: one letter or digit at most.
    is_face = all(len(re.findall(r"[^\W_]", eye)) <= 1 for eye in tag.split("_"))
    return tag if is_face else tag.replace("_", " ")
