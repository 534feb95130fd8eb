"""What one file says of a picture, and the caption that several of them make together. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Tag:
    """A part of a caption; heavier ones stand further in front."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Said:
    """Words, and options by the names of PictureOptions; what is empty is not said."""

    prompt: str = ""
    tags: tuple[Tag, ...] = ()
    lines: tuple[str, ...] = ()  # of a text as it was written; none where the words came apart
    options: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()  # what of it was not understood

    @property
    def has_words(self) -> bool:
        """Whether it says something of the caption."""
        return bool(self.prompt or self.tags)


@dataclass(frozen=True)
class Merged:
    """A caption, its lines if it has several, and the weights of tags that are not 1."""

    text: str
    lines: tuple[str, ...] = ()
    tag_weights: tuple[tuple[str, float], ...] = ()


def say_text(text: str) -> Said:
    """A text as EveryDream reads it: the prompt in front of the first comma, then tags."""
    lines = tuple(joined for line in text.splitlines() if (joined := _collapse(line)))
    prompt, *others = (_collapse(part) for part in text.split(","))
    return Said(prompt=prompt, tags=tuple(Tag(part) for part in others if part), lines=lines)


def merge_words(said: Sequence[Said], otherwise: str) -> Merged:
    """The caption of what is said, the nearest first; ``otherwise`` stands for a prompt that nobody says.

    A single text stays as it is written. Else the nearest prompt comes first, then all tags, each once, the
    heavier ones in front.
    """
    speaking = [each for each in said if each.has_words]
    if not speaking:
        return Merged(otherwise)
    if len(speaking) == 1 and speaking[0].prompt and speaking[0].lines:
        lines = speaking[0].lines
        return Merged(" ".join(lines), lines if len(lines) > 1 else ())
    tags = [tag for each in speaking for tag in each.tags]
    prompt = next((each.prompt for each in speaking if each.prompt), "")
    if not prompt:
        name = say_text(otherwise)
        prompt, tags = name.prompt, [*name.tags, *tags]
    ordered = sorted(dict.fromkeys(tags), key=lambda tag: -tag.weight)
    text = ", ".join(part for part in (prompt, *(tag.text for tag in ordered)) if part)
    return Merged(text, tag_weights=tuple((tag.text, tag.weight) for tag in ordered if tag.weight != 1))


def with_ends(merged: Merged, prefix: str, suffix: str) -> Merged:
    """The caption, and each of its lines, between two texts."""

    def extend(text: str) -> str:
        return " ".join(part for part in (prefix, text, suffix) if part)

    return Merged(extend(merged.text), tuple(map(extend, merged.lines)), merged.tag_weights)


def _collapse(text: str) -> str:
    return " ".join(text.split())
