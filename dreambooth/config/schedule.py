"""How the learning rate changes over a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreambooth.config.option import option

SCHEDULES = Literal["constant", "linear", "cosine", "cosine_with_restarts", "polynomial"]


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How the learning rate changes over the run, counted in optimizer steps."""

    name: SCHEDULES = option("constant", "Schedule", "All but constant end at the last step.")
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
