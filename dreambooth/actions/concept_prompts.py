"""The prompts of every concept as they will be trained, before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_number, asked_text
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.final_prompts import counted
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import with_values
from dreambooth.data.concepts import num_class_images, own_pictures, preservation_pictures
from dreambooth.data.drawn_prompts import drawn_prompt
from dreambooth.data.errors import DataError
from dreambooth.data.picture_options import PLAIN, PictureOptions
from dreambooth.data.prompt_warnings import prompt_warnings, template_warnings
from dreambooth.data.prompts import class_captions, find_word, sample_prompt
from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.reading import read_words
from dreambooth.data.variation import plain_words, vary_instance_prompt

MOST_ROWS = 500  # of prompts, that are told of a concept
GLANCED_AT = 100  # pictures, before all are looked at


@dataclass(frozen=True)
class Prompts:
    """The prompts that one picture brings in."""

    instance: str
    classes: tuple[str, ...]  # what class images are drawn from; none without class images
    is_taught: bool  # or shown to keep what the model knows


@dataclass(frozen=True)
class Captioned:
    """A picture and what it shows in words."""

    path: Path
    caption: str
    options: PictureOptions = PLAIN


def prompts(place: Workplace, values: Values) -> dict[str, Any]:
    """The prompts of ``concepts`` by ``method``, as they stand in the form beside the model's other settings.

    Not ``complete`` until all pictures are looked at: then the first files that are named as pictures count.
    """
    name = asked_text(values, "name")
    changes = {key: values[key] for key in ("method", "concepts") if key in values}
    config = with_values(place.library.load(name).config, changes)
    num_rows = asked_number(values, "num_rows", 5, low=1, high=MOST_ROWS)
    key = ("prompts", name, config, num_rows)
    answer = LOOKING.ask(key, lambda told: _describe_all(config, num_rows, told), place=("prompts", name))
    if isinstance(answer, Progress):
        concepts = [_describe(config, each, num_rows, _first_named) for each in config.concepts]
        return {"complete": False, "concepts": concepts, "notes": _notes(config)}
    return answer


def _describe_all(config: TrainConfig, num_rows: int, progress: Progress) -> dict[str, Any]:
    concepts = []
    for index, concept in enumerate(config.concepts):
        progress.say(index, len(config.concepts))
        concepts.append(_describe(config, concept, num_rows, partial(_usable, index)))
    return {"complete": True, "concepts": concepts, "notes": _notes(config)}


def _usable(index: int, concept: Concept) -> list[Captioned]:
    """The pictures that would be trained."""
    usable = own_pictures(concept, index).usable + preservation_pictures(concept).usable
    return [Captioned(picture.image.path, picture.caption, picture.options) for picture in usable]


def _first_named(concept: Concept) -> list[Captioned]:
    """The first files that are named as pictures."""
    if not concept.instance_data_dir.strip():
        return []
    sources = list_root(Path(concept.instance_data_dir)).sources[:GLANCED_AT]
    words = [(source.path, read_words(source)) for source in sources]
    return [Captioned(path, each.caption, each.options) for path, each in words]


def _describe(
    config: TrainConfig, concept: Concept, num_rows: int, read: Callable[[Concept], list[Captioned]]
) -> dict[str, Any]:
    try:
        pictures = read(concept)
        found = [(picture, _prompts_of(config, concept, picture)) for picture in pictures]
    except DataError as error:
        return {"prompts": [], "distinct": 0, "images": 0, "warnings": [str(error)]}
    counts = Counter(each for _, each in found)
    firsts = {each: picture for picture, each in reversed(found)}
    # Previews are drawn with the caption of the first picture.
    first = next((picture for picture in pictures if not picture.options.is_preservation), None)
    words = plain_words(first.caption, config.captions, first.options) if first else ""
    template = concept.save_sample_prompt.strip() or concept.instance_prompt
    sample = sample_prompt(concept, words, config.method) if first else ""
    sample = drawn_prompt(sample, template, config.captions)
    return {
        "prompts": [
            {
                "picture": str(firsts[each].path),
                "instance": each.instance,
                "class": " | ".join(each.classes) if each.classes else None,
                "sample": sample,
                "images": num_images,
                **counted(config, each.instance),
            }
            for each, num_images in islice(counts.items(), num_rows)
        ],
        "distinct": len(counts),
        "images": len(found),
        "warnings": list(_warnings(config, concept, counts)),
    }


def _prompts_of(config: TrainConfig, concept: Concept, picture: Captioned) -> Prompts:
    """Without chances: the first of several lines and choices, and tags where they stand."""
    is_taught = not picture.options.is_preservation
    with_classes = is_taught and num_class_images(concept, 1, config.method) > 0
    return Prompts(
        instance=vary_instance_prompt(config, concept, picture.caption, picture.options, chances=None),
        classes=class_captions(concept, picture.caption, config.method) if with_classes else (),
        is_taught=is_taught,
    )


def _warnings(config: TrainConfig, concept: Concept, found: Iterable[Prompts]) -> Iterator[str]:
    instances = list(dict.fromkeys(each.instance for each in found if each.is_taught))
    classes = list(dict.fromkeys(prompt for each in found for prompt in each.classes))
    token = concept.instance_token.strip()
    without = sum(find_word(prompt, token) is None for prompt in instances) if token else 0
    if without and config.method != "finetune":
        yield f"{without} of {len(instances)} instance prompts lack the token {token}"
    if named := [prompt for prompt in classes if token and find_word(prompt, token)]:
        yield f"the class prompt {named[0]!r} holds the token {token}, which is to be learnt apart from it"
    if same := set(instances) & set(classes):
        yield f"{min(same)!r} is an instance prompt and a class prompt; so nothing is preserved"
    yield from prompt_warnings(config, dict.fromkeys([*instances, *classes]))
    yield from template_warnings(config, concept)


def _notes(config: TrainConfig) -> list[str]:
    """What varies from one showing to the next."""
    captions = config.captions
    kept = "behind those that are kept" if captions.keep_tags else "wherever they stand"
    told = {
        f"tags of a caption, {kept}, are put in another order each time": captions.shuffle_tags,
        f"{captions.tag_dropout_probability:.0%} of those tags are left out, others each "
        "time": captions.tag_dropout_probability,
        "of {a|b} and of several lines another one is drawn each time; the first is told "
        "here": captions.wildcards,
        f"{captions.dropout_probability:.0%} of the pictures are shown with an empty "
        "prompt": captions.dropout_probability,
        f"one epoch of {captions.dropout_every_epochs} has empty prompts": captions.dropout_every_epochs,
    }
    return [text for text, applies in told.items() if applies]


ACTIONS: dict[str, Action] = {"concepts.prompts": prompts}
