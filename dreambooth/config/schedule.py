"""How the learning rate changes over a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option

SCHEDULES = Literal["constant", "linear", "cosine", "cosine_with_restarts", "polynomial"]


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How the learning rate changes over the run, counted in optimizer steps."""

    title: ClassVar[str] = "Learning rate schedule"

    name: SCHEDULES = option(
        "constant",
        "Schedule",
        "The shape of the learning rate after the warm-up.",
        choices_help={
            "constant": "The same to the end.",
            "linear": "Falls in a straight line until the last step.",
            "cosine": "Falls slowly, then fast, then slowly until the last step.",
            "cosine_with_restarts": "Falls like the cosine and jumps back, as often as there are cycles.",
            "polynomial": "Falls by a power of what is left: above 1 fast at first, below 1 late.",
        },
    )
    warmup_steps: int = option(0, "Warm-up steps", "Linear rise from zero.", low=0, high=10**6)
    num_cycles: int = option(1, "Cycles", "Of cosine_with_restarts.", low=1, high=100, advanced=True)
    power: float = option(1.0, "Power", "Of polynomial.", low=0.1, high=10, advanced=True)
    min_lr_fraction: float = option(
        0.0,
        "Final share",
        "Where the schedule ends, as a share of the learning rate.",
        low=0,
        high=1,
        advanced=True,
    )
