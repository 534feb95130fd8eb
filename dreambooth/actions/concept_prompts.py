"""The prompts of every concept as they will be trained, before anything is trained."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import Values, asked_mapping, asked_number, asked_text
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.workplace import Action, Workplace
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import config_from_json, config_to_json
from dreambooth.data.captions import read_caption
from dreambooth.data.concepts import instance_pictures, num_class_images
from dreambooth.data.errors import DataError
from dreambooth.data.listing import list_files
from dreambooth.data.prompts import class_captions, find_word, instance_caption, sample_prompt

MOST_TOKENS = 75  # of a prompt that a text encoder reads
# What CLIP's tokenizer takes apart in any case; long and rare words have more than one token.
PIECES = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\w\s]|_)+", re.IGNORECASE)


@dataclass(frozen=True)
class Prompts:
    """The prompts that one picture brings in."""

    picture: str
    instance: str
    classes: tuple[str, ...]  # what class images are drawn from; none without class images
    caption: str


def prompts(place: Workplace, values: Values) -> dict[str, Any]:
    """The prompts of the settings under ``config``; not ``complete`` until all pictures are looked at."""
    config = config_from_json(asked_mapping(values, "config"))
    num_pictures = asked_number(values, "num_pictures", 5, high=500)
    key = ("prompts", json.dumps(config_to_json(config)), num_pictures)
    where = ("prompts", str(place.library.path), asked_text(values, "name", ""))
    answer = LOOKING.ask(key, lambda progress: _describe_all(config, num_pictures, progress), where)
    if isinstance(answer, Progress):
        told = [_glance(config, index, num_pictures) for index in range(len(config.concepts))]
        return {"complete": False, "concepts": told, "notes": _notes(config)}
    return answer


def _describe_all(config: TrainConfig, num_pictures: int, progress: Progress) -> dict[str, Any]:
    told = []
    for index in range(len(config.concepts)):
        progress.say(index, len(config.concepts))
        told.append(_describe_usable(config, index, num_pictures))
    return {"complete": True, "concepts": told, "notes": _notes(config)}


def _describe_usable(config: TrainConfig, index: int, num_pictures: int) -> dict[str, Any]:
    """Of the pictures that would be trained."""
    try:
        usable = instance_pictures(config.concepts[index], index).usable
        found = [_prompts_of(config, index, picture.image.path, picture.caption) for picture in usable]
    except DataError as error:
        return {**_describe(config, index, [], num_pictures), "warnings": [str(error)]}
    return _describe(config, index, found, num_pictures)


def _glance(config: TrainConfig, index: int, num_pictures: int) -> dict[str, Any]:
    """Of the first files that are named as pictures."""
    concept = config.concepts[index]
    try:
        paths = (
            list_files(Path(concept.instance_data_dir)).pictures if concept.instance_data_dir.strip() else ()
        )
        first = [_prompts_of(config, index, path, read_caption(path).text) for path in paths[:num_pictures]]
    except DataError as error:
        return {**_describe(config, index, [], num_pictures), "warnings": [str(error)]}
    return _describe(config, index, first, num_pictures)


def _prompts_of(config: TrainConfig, index: int, path: Path, caption: str) -> Prompts:
    concept = config.concepts[index]
    with_classes = num_class_images(concept, 1, config.method) > 0
    return Prompts(
        picture=str(path),
        instance=instance_caption(concept, caption, config.method),
        classes=class_captions(concept, caption, config.method) if with_classes else (),
        caption=caption,
    )


def _describe(config: TrainConfig, index: int, found: Sequence[Prompts], num_pictures: int) -> dict[str, Any]:
    concept = config.concepts[index]
    # Previews are drawn with the caption of the first picture.
    sample = sample_prompt(concept, found[0].caption, config.method) if found else ""
    instances = list(dict.fromkeys(each.instance for each in found))
    classes = list(dict.fromkeys(prompt for each in found for prompt in each.classes))
    return {
        "examples": [
            {
                "picture": each.picture,
                "instance": each.instance,
                "class": list(each.classes),
                "sample": sample,
            }
            for each in found[:num_pictures]
        ],
        "images": len(found),
        "distinct": {"instance": len(instances), "class": len(classes)},
        "sample": sample,
        "warnings": list(_warnings(config, concept, instances, classes)),
    }


def _warnings(
    config: TrainConfig, concept: Concept, instances: Sequence[str], classes: Sequence[str]
) -> Iterator[str]:
    token = concept.instance_token.strip()
    without = sum(find_word(prompt, token) is None for prompt in instances) if token else 0
    if without and config.method != "finetune":
        yield f"{without} of {len(instances)} instance prompts lack the token {token}"
    if named := [prompt for prompt in classes if token and find_word(prompt, token)]:
        yield f"the class prompt {named[0]!r} holds the token {token}, which is to be learnt apart from it"
    if same := set(instances) & set(classes):
        yield f"{min(same)!r} is an instance prompt and a class prompt; so nothing is preserved"
    for prompt in dict.fromkeys([*instances, *classes]):
        if (least := least_tokens(prompt)) > MOST_TOKENS:
            yield f"a prompt has {least} tokens or more, of which {MOST_TOKENS} are used: {prompt[:60]} …"
            return


def least_tokens(prompt: str) -> int:
    """How many tokens a prompt has at least."""
    return len(PIECES.findall(unicodedata.normalize("NFC", prompt)))


def _notes(config: TrainConfig) -> list[str]:
    notes = []
    if config.data.shuffle_tags:
        notes.append("what follows the first comma of a prompt is put in another order each time")
    if share := config.data.caption_dropout_probability:
        notes.append(f"{share:.0%} of the pictures are shown with an empty prompt")
    return notes


ACTIONS: dict[str, Action] = {"concepts.prompts": prompts}
