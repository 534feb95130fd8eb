"""What contradicts the way in which a model is to keep what it knew."""

from __future__ import annotations

from collections.abc import Iterator

from dreambooth.config.concept import Concept
from dreambooth.config.preservation import UNCHANGED
from dreambooth.config.problem import Problem
from dreambooth.config.settings import TrainConfig


def preservation_problems(config: TrainConfig) -> Iterator[Problem]:
    """Whatever the way needs is there, and nothing that it does not use."""
    preservation = config.preservation
    if UNCHANGED < preservation.final_weight < 0:
        yield Problem("preservation.final_weight", "choose a weight from 0, or -1 for one that stays")
    if preservation.final_weight >= 0 and not preservation.weight:
        yield Problem("preservation.final_weight", "a weight of 0 cannot fall: set preservation.weight too")
    if preservation.kind == "class_images":
        return
    if not preservation.weight:
        yield Problem("preservation.weight", f"with 0, {preservation.kind} preserves nothing")
    for index, concept in enumerate(config.concepts):
        yield from _concept_problems(config, concept, f"concepts.{index}")


def _concept_problems(config: TrainConfig, concept: Concept, place: str) -> Iterator[Problem]:
    if config.preservation.kind == "output_preservation":
        yield from _output_problems(config, concept, place)
    elif config.method != "finetune" and not _has_pictures(concept):
        yield from _prompt_problems(concept, place)


def _output_problems(config: TrainConfig, concept: Concept, place: str) -> Iterator[Problem]:
    if config.method == "finetune":
        yield Problem("preservation.kind", "finetune has no token to swap: choose hybrid, or class_images")
        return
    if not concept.instance_token.strip():
        yield Problem(f"{place}.instance_token", "output preservation swaps it for the class token: name it")
    if not concept.class_token.strip():
        yield Problem(f"{place}.class_token", "output preservation puts it for the instance token: name it")
    if concept.num_class_images_per:
        yield Problem(
            f"{place}.num_class_images_per",
            "output preservation uses no class images: set 0, or choose preservation.kind=prior_prediction",
        )


def _prompt_problems(concept: Concept, place: str) -> Iterator[Problem]:
    """Without pictures to preserve, the subject's own are answered under the class prompt."""
    if not concept.class_prompt.strip():
        yield Problem(f"{place}.class_prompt", "prior prediction needs a prompt, e.g. a photo of a dog")
    elif concept.class_prompt.strip() == concept.instance_prompt.strip() != "[filewords]":
        yield Problem(
            f"{place}.class_prompt", "is the instance prompt; without a difference nothing can be learnt"
        )


def _has_pictures(concept: Concept) -> bool:
    return bool(concept.num_class_images_per or concept.preservation_data_dir)
