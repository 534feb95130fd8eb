r"""The words of one showing. Pure functions; tests/data/test_variation.py has a table of examples.

What varies is the caption, which is what ``[filewords]`` stands for, before it goes into the instance prompt:
words that the prompt fixes, and the instance token, are never moved or left out. In this order:

1. a line:    of a caption with several lines one (``captions.wildcards``; else they are one line)
2. wildcards: of ``{a|b|c}`` one, inner ones first; ``{{`` and ``}}`` are braces themselves
3. kept tags: those before ``captions.keep_tags_separator`` are the front, those behind a second one the end;
              without one in the caption the first ``captions.keep_tags`` are the front
4. order:     the other tags are shuffled; where they have weights, a tag is drawn first as often as its share
              of all weights (Efraimidis and Spirakis 2006: by u ** (1 / weight), the largest first)
5. dropout:   each of the other tags goes by its own chance
6. length:    of the other tags as many as the picture's ``max_caption_length`` characters have room for
7. joining:   with the separator and a space; ``captions.secondary_separator`` becomes the separator
8. prefix and suffix around it, which are no tags

Without chances (a plan, a preview) the first line and the first choices count, and tags stay where they are.
Class images, whose prompts have no words to protect, vary by 3 to 7 as a whole; preserving pictures have
neither prefix nor suffix.

Each kind of chance has random numbers of its own, so that one setting does not move what another draws.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.picture_options import PictureOptions
from dreambooth.data.prompts import instance_caption

_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_OPEN, _CLOSE = "\x00", "\x01"  # stand for literal braces while choices are drawn


@dataclass(frozen=True)
class Chances:
    """What one showing draws: ``order`` for the tags, and by ``seed`` whatever else is to be drawn."""

    seed: str
    order: random.Random

    def of(self, purpose: str) -> random.Random:
        """Random numbers for this purpose alone."""
        return random.Random(f"{self.seed} {purpose}")


def varies(captions: CaptionsConfig, options: PictureOptions) -> bool:
    """Whether a picture has other words from one showing to the next."""
    return _shuffles(captions, options) or _tag_dropout(captions, options) > 0 or _draws(captions, options)


def vary_instance_prompt(
    config: TrainConfig, concept: Concept, caption: str, options: PictureOptions, chances: Chances | None
) -> str:
    """What a picture that is no class image is trained with this once."""
    captions = config.captions
    words = vary_tags(_choose_text(caption, captions, options, chances), captions, options, chances)
    if options.is_preservation:
        return words
    return instance_caption(concept, _with_affixes(words, captions), config.method)


def plain_words(caption: str, captions: CaptionsConfig, options: PictureOptions) -> str:
    """What ``[filewords]`` stands for without chances."""
    words = vary_tags(_choose_text(caption, captions, options, None), captions, options, None)
    return _with_affixes(words, captions)


def vary_tags(
    caption: str, captions: CaptionsConfig, options: PictureOptions, chances: Chances | None
) -> str:
    """The caption with tags in another order, some left out, and the marks between them made separators."""
    marks = [mark for mark in (captions.keep_tags_separator, captions.secondary_separator) if mark in caption]
    moves = chances is not None and (_shuffles(captions, options) or _tag_dropout(captions, options) > 0)
    if not any(marks) and not moves and options.max_caption_length is None:
        return caption
    front, others, end = _split(caption, captions, options)
    if chances is not None and _shuffles(captions, options):
        others = _in_random_order(others, dict(options.tag_weights), chances.order)
    if chances is not None and (share := _tag_dropout(captions, options)):
        rng = chances.of("tag dropout")
        others = [tag for tag in others if rng.random() >= share]
    return _join(front, others, end, captions, options.max_caption_length)


def choose_wildcards(text: str, rng: random.Random | None) -> str:
    """The text with one of each ``{a|b|c}``; the first of each without random numbers.

    >>> choose_wildcards("a {red|blue} ball, {{x}}", None)
    'a red ball, {x}'
    """
    text = text.replace("{{", _OPEN).replace("}}", _CLOSE)
    while found := _CHOICE.search(text):
        choices = found[1].split("|")
        chosen = choices[0] if rng is None else rng.choice(choices)
        text = text[: found.start()] + chosen + text[found.end() :]
    return " ".join(text.replace(_OPEN, "{").replace(_CLOSE, "}").split())


def _draws(captions: CaptionsConfig, options: PictureOptions) -> bool:
    return captions.wildcards or options.wildcards


def _shuffles(captions: CaptionsConfig, options: PictureOptions) -> bool:
    return captions.shuffle_tags or options.shuffle_tags


def _tag_dropout(captions: CaptionsConfig, options: PictureOptions) -> float:
    own = options.tag_dropout
    return captions.tag_dropout_probability if own is None else own


def _choose_text(
    caption: str, captions: CaptionsConfig, options: PictureOptions, chances: Chances | None
) -> str:
    if not _draws(captions, options):
        return caption
    rng = chances.of("wildcards") if chances else None
    lines = options.caption_lines or (caption,)
    return choose_wildcards(lines[0] if rng is None else rng.choice(lines), rng)


def _split(
    caption: str, captions: CaptionsConfig, options: PictureOptions
) -> tuple[list[str], list[str], list[str]]:
    """The tags in front that are kept, those that may move or go, and those that are kept as the end."""
    mark = captions.keep_tags_separator
    if mark and mark in caption:
        front, others, *end = (_tags(part, captions) for part in caption.split(mark, 2))
        return front, others, end[0] if end else []
    tags = _tags(caption, captions)
    num_kept = captions.keep_tags if options.keep_tags is None else options.keep_tags
    return tags[:num_kept], tags[num_kept:], []


def _tags(text: str, captions: CaptionsConfig) -> list[str]:
    return [tag for part in text.split(captions.tag_separator) if (tag := part.strip())]


def _in_random_order(tags: list[str], weights: dict[str, float], rng: random.Random) -> list[str]:
    """An order as likely as the weights make it; a tag without one weighs 1, one that weighs 0 goes."""
    each = [weights.get(tag, 1.0) for tag in tags]
    if len(set(each)) <= 1:
        rng.shuffle(shuffled := list(tags))
        return shuffled
    keys = [(rng.random() ** (1 / weight), tag) for tag, weight in zip(tags, each, strict=True) if weight > 0]
    return [tag for _, tag in sorted(keys, key=lambda pair: -pair[0])]


def _join(
    front: Sequence[str],
    others: Sequence[str],
    end: Sequence[str],
    captions: CaptionsConfig,
    limit: int | None,
) -> str:
    """One text; of the tags in the middle as many, from the first, as the limit has room for."""
    between = f"{captions.tag_separator} "
    kept = [_unmarked(tag, captions) for tag in (*front, *end)]
    middle = [_unmarked(tag, captions) for tag in others]
    if limit is not None:
        room = limit - len(between.join(kept))
        lengths = accumulate(len(tag) + len(between) for tag in middle)
        spare = 0 if kept else len(between)  # nothing stands before the first tag of all
        middle = [tag for tag, length in zip(middle, lengths, strict=True) if length - spare <= room]
    return between.join([*kept[: len(front)], *middle, *kept[len(front) :]])


def _unmarked(tag: str, captions: CaptionsConfig) -> str:
    mark = captions.secondary_separator
    if not mark or mark not in tag:
        return tag
    return f"{captions.tag_separator} ".join(part.strip() for part in tag.split(mark))


def _with_affixes(words: str, captions: CaptionsConfig) -> str:
    if not captions.prefix and not captions.suffix:
        return words
    return " ".join(f"{captions.prefix} {words} {captions.suffix}".split())
