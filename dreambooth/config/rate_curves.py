"""The learning rates of a whole run, before it runs: as points of curves, and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dreambooth.config.lr_curve import lr_factor, sampled_steps, text_lr_factor
from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.config.settings import TrainConfig


@dataclass(frozen=True)
class RateCurve:
    """The learning rate of a part at some steps of a run, counted from 1 as on the page."""

    label: str
    steps: tuple[int, ...]
    rates: tuple[float, ...]


def rate_curves(config: TrainConfig, num_steps: int) -> tuple[RateCurve, ...]:
    """A curve for each part, as far as it learns; under an optimizer that finds the rate, factors of it."""
    rates = config.optimizer if config.adapter == "none" else config.lora
    num_text = math.ceil(config.parts.text_encoder_fraction * num_steps)
    curves = []
    if config.parts.train_unet:
        steps = sampled_steps(num_steps)
        told = (rates.unet_lr * lr_factor(config.schedule, step, num_steps) for step in steps)
        curves.append(RateCurve("U-Net", tuple(step + 1 for step in steps), tuple(told)))
    if num_text:
        steps = sampled_steps(num_text)
        factors = [text_lr_factor(config.schedule, step, num_steps, num_text) for step in steps]
        found = tuple(rates.text_encoder_lr * factor for factor in factors)
        curves.append(RateCurve("Text encoder", tuple(step + 1 for step in steps), found))
    return tuple(curves)


def curves_to_json(config: TrainConfig, num_steps: int) -> dict[str, Any]:
    """The curves for a page; ``times_estimate`` where an optimizer finds the rate that they multiply."""
    return {
        "times_estimate": KINDS[config.optimizer.name].estimates_rate,
        "curves": [asdict(curve) for curve in rate_curves(config, num_steps)],
    }


def describe_rates(config: TrainConfig, num_steps: int) -> list[Mapping[str, Any]]:
    """Of each part the first rate, the highest with its step, and the last."""
    return [
        {
            "part": curve.label,
            "first": curve.rates[0],
            "highest": max(curve.rates),
            "highest_at": curve.steps[curve.rates.index(max(curve.rates))],
            "last": curve.rates[-1],
            "last_at": curve.steps[-1],
        }
        for curve in rate_curves(config, num_steps)
    ]
