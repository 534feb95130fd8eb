"""Prompts under which pictures are held to the untrained model's answers, where none shows the class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dreambooth.config.settings import TrainConfig
from dreambooth.data.errors import DataError
from dreambooth.data.prompts import class_caption, find_word

if TYPE_CHECKING:
    from dreambooth.data.examples import Example


def with_held_prompts(
    config: TrainConfig, index: int, instances: tuple[Example, ...], classes: Sequence[Example]
) -> tuple[Example, ...]:
    """The instance examples of a concept as its kind of preservation wants them; raises DataError.

    Prior prediction holds them to the class prompt unless there are pictures that preserve; output
    preservation finds its prompts when they are shown, and has to have a token to swap.
    """
    if config.preservation.kind == "output_preservation":
        _require_token(config, index, instances)
    has_pictures = any(example.is_prior for example in (*instances, *classes))
    if config.preservation.kind != "prior_prediction" or has_pictures:
        return instances
    return tuple(_with_class_prompt(config, index, example) for example in instances)


def _with_class_prompt(config: TrainConfig, index: int, example: Example) -> Example:
    prompt = class_caption(config.concepts[index], example.caption, config.method)
    if prompt == example.prompt:
        raise DataError(
            f"concept {index}: {example.image.name} has the same words as one of the class, {prompt!r}; "
            "prior prediction needs an instance token in one of them, or a folder of preservation pictures"
        )
    return replace(example, class_prompt=prompt)


def _require_token(config: TrainConfig, index: int, instances: Sequence[Example]) -> None:
    token = config.concepts[index].instance_token
    if not any(find_word(example.prompt, token) for example in instances):
        raise DataError(
            f"concept {index}: no prompt has the instance token {token}, which output preservation swaps; "
            "put it into the instance prompt, or choose the method hybrid"
        )
