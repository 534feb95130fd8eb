"""Learning-rate schedules as factors, counted in optimizer steps."""

from __future__ import annotations

import math
from collections.abc import Callable

from dreambooth.config.schedule import ScheduleConfig


def _linear(progress: float, _: ScheduleConfig) -> float:
    return 1 - progress


def _cosine(progress: float, _: ScheduleConfig) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def _cosine_with_restarts(progress: float, config: ScheduleConfig) -> float:
    if progress >= 1:
        return 0.0
    return (1 + math.cos(math.pi * (progress * config.num_cycles % 1))) / 2


def _polynomial(progress: float, config: ScheduleConfig) -> float:
    return float((1 - progress) ** config.power)


_SHAPES: dict[str, Callable[[float, ScheduleConfig], float]] = {
    "linear": _linear,
    "cosine": _cosine,
    "cosine_with_restarts": _cosine_with_restarts,
    "polynomial": _polynomial,
}


def lr_factor(config: ScheduleConfig, step: int, num_steps: int) -> float:
    """What step number ``step`` (from 0) multiplies the learning rate by.

    Warm-up rises linearly and reaches 1 at step ``warmup_steps``; the shape then runs over the remaining
    steps and ends at ``min_lr_fraction`` on the last one. ``constant`` never falls.
    """
    if step < config.warmup_steps:
        return (step + 1) / (config.warmup_steps + 1)
    remaining = num_steps - 1 - config.warmup_steps
    progress = min(1.0, (step - config.warmup_steps) / remaining) if remaining > 0 else 1.0
    if config.name == "constant":
        return 1.0
    shape = _SHAPES[config.name](progress, config)
    return config.min_lr_fraction + (1 - config.min_lr_fraction) * shape
