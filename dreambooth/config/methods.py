"""What choosing a method sets in the concepts, so that nothing is left that contradicts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dreambooth.config.concept import FILEWORDS, Concept
from dreambooth.config.option import Value
from dreambooth.config.settings import Method, TrainConfig
from dreambooth.config.store import concept_from_json, config_to_json


@dataclass(frozen=True)
class Implied:
    """A field of a concept that the method settles, and why."""

    field: str
    value: Value
    reason: str


def implied_by(method: Method, concept: Concept) -> tuple[Implied, ...]:
    """What the method settles in a concept that says otherwise; nothing where they agree."""
    return tuple(each for each in _IMPLIED[method](concept) if getattr(concept, each.field) != each.value)


def with_method(config: TrainConfig, method: Method) -> TrainConfig:
    """The settings with another method and all that it implies."""
    concepts = tuple(
        concept_from_json(
            {**config_to_json(concept), **{each.field: each.value for each in implied_by(method, concept)}}
        )
        for concept in config.concepts
    )
    return replace(config, method=method, concepts=concepts)


def _finetune(_: Concept) -> Iterator[Implied]:
    yield Implied("instance_prompt", FILEWORDS, "captions alone are the prompts")
    yield Implied("instance_token", "", "no token stands for the pictures")
    yield Implied("num_class_images_per", 0, "there is no class to be kept apart")


def _hybrid(concept: Concept) -> Iterator[Implied]:
    if FILEWORDS not in concept.instance_prompt:
        yield Implied(
            "instance_prompt", FILEWORDS, "captions are the prompts, and the token is put into them"
        )
    if concept.num_class_images_per and FILEWORDS not in concept.class_prompt:
        yield Implied("class_prompt", FILEWORDS, "class images show what the captions say, without the token")


def _dreambooth(concept: Concept) -> Iterator[Implied]:
    """One prompt for all pictures, made of the tokens; captions that have no token to go with are left."""
    words = " ".join(f"{concept.instance_token} {concept.class_token}".split())
    if concept.instance_token.strip() and concept.instance_prompt.strip() == FILEWORDS:
        yield Implied("instance_prompt", f"a photo of {words}", "one prompt names every picture")
        if concept.class_token.strip() and concept.class_prompt.strip() == FILEWORDS:
            ordinary = f"a photo of {concept.class_token.strip()}"
            yield Implied("class_prompt", ordinary, "class images show the class alone")


_IMPLIED: dict[Method, Callable[[Concept], Iterator[Implied]]] = {
    "dreambooth": _dreambooth,
    "finetune": _finetune,
    "hybrid": _hybrid,
}
