"""Options of pictures as people write them: numbers and words, each within its limits."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

MOST_TIMES = 10_000  # that an epoch shows a picture
NUMBER = "{told!r} is not a number; write it with a point, as 0.5"


def read_multiply(told: object) -> Fraction:
    """How often an epoch shows a picture, exactly: 0.025 is 1/40. Raises ValueError in words."""
    number = _number(told, 0, MOST_TIMES)
    return Fraction(str(told).strip() if isinstance(told, str) else str(number))


def read_share(told: object) -> float:
    """A number from 0 to 1; raises ValueError in words."""
    return _number(told, 0, 1)


def read_loss_scale(told: object) -> float:
    """A weight, below 0 to push away; raises ValueError in words."""
    return _number(told, -100, 100)


def read_length(told: object) -> int:
    """A number of characters; raises ValueError in words."""
    return int(_number(told, 1, 100_000))


def read_count(told: object) -> int:
    """How many; raises ValueError in words."""
    return int(_number(told, 0, 100_000))


def read_name(told: object) -> str:
    """A text without the white space around it; raises ValueError when nothing is left."""
    name = "" if told is None else " ".join(str(told).split())
    if not name:
        raise ValueError("there is nothing in it")
    return name


def read_flag(told: object) -> bool:
    """Yes or no; raises ValueError in words."""
    if isinstance(told, bool):
        return told
    raise ValueError(f"{told!r} is neither true nor false")


READERS: dict[str, Callable[[object], Any]] = {
    "multiply": read_multiply,
    "cond_dropout": read_share,
    "flip_p": read_share,
    "loss_scale": read_loss_scale,
    "batch_id": read_name,
    "shuffle_tags": read_flag,
    "max_caption_length": read_length,
}


def _number(told: object, low: float, high: float) -> float:
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        raise ValueError(NUMBER.format(told=told))
    try:
        number = float(told)
    except (ValueError, OverflowError):
        raise ValueError(NUMBER.format(told=told)) from None
    if not math.isfinite(number):
        raise ValueError(NUMBER.format(told=told))
    if not low <= number <= high:
        raise ValueError(f"{told} is not between {low} and {high}")
    return number
