"""Captions changed by rule: words in front or behind, other words, comma-separated tags. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["prefix", "suffix", "replace", "add_tag", "remove_tag", "dedupe_tags"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One rule for many captions."""

    kind: Kind
    text: str = ""  # what is put in front or behind, searched for, or the tag; none for dedupe_tags
    by: str = ""  # of replace: what comes in its place
    in_front: bool = False  # of add_tag


def split_tags(caption: str) -> list[str]:
    """The comma-separated parts that are not empty."""
    return [tag for part in caption.split(",") if (tag := " ".join(part.split()))]


def apply_edit(caption: str, edit: Edit) -> str:
    """The caption as the rule makes it; tags count as equal whatever their case.

    >>> apply_edit("a dog, grass", Edit(kind="add_tag", text="sks", in_front=True))
    'sks, a dog, grass'
    """
    return _EDITS[edit.kind](caption, edit)


def count_tags(captions: Iterable[str]) -> list[tuple[str, int]]:
    """Every tag with the number of captions that have it, the commonest first."""
    counts = Counter(tag for caption in captions for tag in dict.fromkeys(split_tags(caption)))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _prefix(caption: str, edit: Edit) -> str:
    return " ".join((edit.text + caption).split())


def _suffix(caption: str, edit: Edit) -> str:
    return " ".join((caption + edit.text).split())


def _replace(caption: str, edit: Edit) -> str:
    return " ".join(caption.replace(edit.text, edit.by).split())


def _add_tag(caption: str, edit: Edit) -> str:
    tags, added = split_tags(caption), split_tags(edit.text)
    known = {tag.casefold() for tag in tags}
    new = [tag for tag in added if tag.casefold() not in known]
    if not new:
        return caption
    return ", ".join([*new, *tags] if edit.in_front else [*tags, *new])


def _remove_tag(caption: str, edit: Edit) -> str:
    tags, unwanted = split_tags(caption), {tag.casefold() for tag in split_tags(edit.text)}
    kept = [tag for tag in tags if tag.casefold() not in unwanted]
    return caption if kept == tags else ", ".join(kept)


def _dedupe_tags(caption: str, _: Edit) -> str:
    tags = split_tags(caption)
    firsts = {tag.casefold(): tag for tag in reversed(tags)}
    kept = [firsts[key] for key in dict.fromkeys(tag.casefold() for tag in tags)]
    return caption if kept == tags else ", ".join(kept)


_EDITS: dict[str, Callable[[str, Edit], str]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "replace": _replace,
    "add_tag": _add_tag,
    "remove_tag": _remove_tag,
    "dedupe_tags": _dedupe_tags,
}
