"""What passes through the U-Net in a step: each item of a batch, and what preserves beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dreambooth.config.preservation import UNCHANGED, PreservationConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import Batch
from dreambooth.data.examples import Example
from dreambooth.data.prompts import swap_token


@dataclass(frozen=True, kw_only=True)
class Row:
    """A picture under a prompt. Rows of one picture share its latents, noise and timestep."""

    source: int  # the place of its item in the batch
    prompt: str
    weight: float
    is_prior: bool = False  # preserves what the model knew
    is_held: bool = False  # is to be answered as the untrained model answers


def plain_rows(batch: Batch) -> list[Row]:
    """One for each item, with the weight of its example."""
    return [
        Row(
            source=place,
            prompt=item.prompt,
            weight=item.example.loss_weight,
            is_prior=item.example.is_prior,
        )
        for place, item in enumerate(batch.items)
    ]


def build_rows(config: TrainConfig, batch: Batch, done: float) -> list[Row]:
    """Its items in their order, then those shown once more; ``done`` (0 … 1) of the run is over."""
    share = _weight_left(config.preservation, done)
    rows = [
        Row(
            source=place,
            prompt=item.prompt,
            weight=item.example.loss_weight * (share if item.example.is_prior else 1),
            is_prior=item.example.is_prior,
            is_held=item.example.is_prior and config.preservation.kind == "prior_prediction",
        )
        for place, item in enumerate(batch.items)
    ]
    return [*rows, *_shown_again(config, batch, config.preservation.weight * share)]


def _shown_again(config: TrainConfig, batch: Batch, weight: float) -> Iterator[Row]:
    for place, item in enumerate(batch.items):
        prompt = held_prompt(config, item.example, item.prompt)
        if prompt is not None:
            yield Row(source=place, prompt=prompt, weight=weight, is_prior=True, is_held=True)


def held_prompt(config: TrainConfig, example: Example, prompt: str) -> str | None:
    """Under which prompt a picture that is shown as ``prompt`` is held to the untrained answer, if it is."""
    if example.is_prior:
        return None
    if config.preservation.kind == "prior_prediction":
        return example.class_prompt
    if config.preservation.kind == "output_preservation":
        concept = config.concepts[example.concept]
        swapped = swap_token(prompt, concept.instance_token, concept.class_token)
        return None if swapped == prompt else swapped  # a dropped caption has no token
    return None


def _weight_left(config: PreservationConfig, done: float) -> float:
    """The share of the prior loss weight that is left; it falls evenly."""
    if config.final_weight == UNCHANGED or not config.weight:
        return 1.0
    fallen = min(1.0, done / config.fall_fraction)
    return 1 + fallen * (config.final_weight / config.weight - 1)
