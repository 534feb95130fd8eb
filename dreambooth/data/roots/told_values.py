"""What a yaml file or an object of a list says of a picture, in EveryDream's words. Pure functions.

``main_prompt``, ``tags`` and ``max_caption_length`` make the caption, or ``caption`` does, a text or such an
object within; ``multiply``, ``cond_dropout``, ``flip_p``, ``loss_scale``, ``batch_id`` and ``shuffle_tags``
are options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dreambooth.data.roots.option_values import READERS
from dreambooth.data.roots.said import Said, Tag, say_text

WORDS = ("main_prompt", "tags", "caption")
NOT_USED = {"rating": "is not used: all pictures count alike; give the better ones a multiply"}


def say_values(values: Mapping[str, Any], known: Iterable[str] = ()) -> Said:
    """What an object says; keys in ``known`` are read by somebody else."""
    told = {str(key): value for key, value in values.items() if key not in known}
    within = told.pop("caption", None)
    if isinstance(within, Mapping):
        told |= {str(key): value for key, value in within.items()}
        within = None
    faults: list[str] = []
    words = _say_words(told, within, faults)
    options = dict(_read_options(told, faults))
    return Said(
        prompt=words.prompt,
        tags=words.tags,
        lines=words.lines,
        options=options,
        faults=tuple(faults),
    )


def _say_words(told: Mapping[str, Any], caption: object, faults: list[str]) -> Said:
    prompt, tags = _read_prompt(told.get("main_prompt"), faults), tuple(_read_tags(told.get("tags"), faults))
    if caption is None:
        return Said(prompt=prompt, tags=tags)
    if not isinstance(caption, str):
        faults.append("caption is neither a text nor an object")
        return Said(prompt=prompt, tags=tags)
    text = say_text(caption)
    if not prompt and not tags:
        return text
    return Said(prompt=prompt or text.prompt, tags=text.tags + tags)


def _read_prompt(told: object, faults: list[str]) -> str:
    texts = told if isinstance(told, list) else [told]
    prompts = [" ".join(str(text).split()) for text in texts if text is not None]
    if len(prompts) > 1:
        faults.append("main_prompt has several; the first is used")
    return prompts[0] if prompts else ""


def _read_tags(told: object, faults: list[str]) -> Iterator[Tag]:
    if isinstance(told, str):
        told = told.split(",")
    if not isinstance(told, list | None):
        faults.append("tags is not a list")
        return
    for each in told or ():
        text, weight = (each.get("tag"), each.get("weight", 1)) if isinstance(each, Mapping) else (each, 1)
        words = "" if text is None or isinstance(text, list | Mapping) else " ".join(str(text).split())
        if not words:
            continue
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight >= 0:
            faults.append(f"the weight of the tag {words} is not a number from 0")
            weight = 1
        yield Tag(words, float(weight))


def _read_options(told: Mapping[str, Any], faults: list[str]) -> Iterator[tuple[str, Any]]:
    for name, value in told.items():
        if name in WORDS or value is None:
            continue
        if name not in READERS:
            faults.append(f"{name} {NOT_USED.get(name, 'has no meaning here')}")
            continue
        try:
            read = READERS[name](value)
        except ValueError as error:
            faults.append(f"{name}: {error}")
            continue
        if read is not False:  # to shuffle tags is asked for, never forbidden
            yield name, read
