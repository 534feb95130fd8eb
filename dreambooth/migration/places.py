"""What can become of a setting of the old extension: one of ours, a fact to keep, or nothing, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dreambooth.config.option import Value


class WithoutMeaning(Exception):
    """The value means nothing here, because of other settings of the same file; the message says why."""


class Unfit(Exception):
    """The value is none that the setting can have; the message says why."""


@dataclass(frozen=True)
class Old:
    """The settings of an old file. Values of an odd kind count as absent where one depends on another."""

    values: Mapping[str, Any]

    def number(self, key: str, default: float) -> float:
        """A number, or the default when there is none."""
        value = self.values.get(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else default

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A yes or no, or the default when there is none."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else default

    def text(self, key: str) -> str:
        """A text; empty when there is none."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    @property
    def images_per_update(self) -> int:
        """How many images the old extension counted while the weights changed once."""
        batch_size = self.number("train_batch_size", 1) * self.number("gradient_accumulation_steps", 1)
        return max(1, int(batch_size))

    @property
    def is_of_2022(self) -> bool:
        """Whether it is from before 18 December 2022: steps were updates, and frequencies counted them."""
        return "save_ckpt_during" not in self.values


Becomes = Value | Mapping[str, Value]
Convert = Callable[[Any, Old], Becomes]


def as_it_is(value: Any, _: Old) -> Becomes:  # noqa: ANN401 - whatever stands in somebody's file
    """The same value."""
    unchanged: Becomes = value
    return unchanged


def to_number(value: object) -> float:
    """The value as a number; raises Unfit."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"{value!r} is not a number")
    return value


@dataclass(frozen=True)
class To:
    """Settings of ours; ``convert`` gives a value for all of them, or one by name for some of them."""

    settings: tuple[str, ...]
    convert: Convert = as_it_is
    superseded_by: str = ""  # an old setting that says the same and counts when both are there


def to(*settings: str, convert: Convert = as_it_is, superseded_by: str = "") -> To:
    """The place of an old setting that we have, too."""
    return To(settings, convert, superseded_by)


@dataclass(frozen=True)
class Kept:
    """A fact about the model; ``told`` says where it is kept."""

    told: str


@dataclass(frozen=True)
class Dropped:
    """Nothing; ``reason`` says why. With one of the values ``harmless`` nothing is lost by it."""

    reason: str
    harmless: tuple[object, ...] = (False, 0, "", None)
    never_lost: bool = False  # whatever the value: it is always so here, or had no effect

    def is_loss(self, value: object) -> bool:
        """Whether somebody who had this value may miss it."""
        return not self.never_lost and value not in self.harmless


def not_yet(what: str, *harmless: object) -> Dropped:
    """A setting that we do not have yet."""
    return (
        Dropped(f"not available yet: {what}", harmless) if harmless else Dropped(f"not available yet: {what}")
    )


def always(what: str) -> Dropped:
    """Something that is so here whatever the setting said."""
    return Dropped(what, never_lost=True)


Place = To | Kept | Dropped
