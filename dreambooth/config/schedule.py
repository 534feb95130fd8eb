"""How the learning rate changes over a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since

ScheduleName = Literal[
    "constant", "linear", "cosine", "cosine_with_restarts", "polynomial", "rex", "one_cycle", "piecewise"
]
SHAPES_TOLD: Mapping[str, str] = {
    "constant": "The same to the end.",
    "linear": "Falls in a straight line until the last step.",
    "cosine": "Falls slowly, then fast, then slowly until the last step.",
    "cosine_with_restarts": "Falls like the cosine and jumps back, as often as there are cycles.",
    "polynomial": "Falls by a power of what is left: above 1 fast at first, below 1 late.",
    "rex": "Stays high for long and falls fast at the end: good when steps are few.",
    "one_cycle": "Rises from a 25th to the full rate, then falls to the last step; has no other warm-up.",
    "piecewise": "The shares of the rate that Pieces tells.",
}


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How the learning rate changes over the run, counted in optimizer steps."""

    title: ClassVar[str] = "Learning rate schedule"

    name: ScheduleName = option(
        "constant",
        "Schedule",
        "The shape of the learning rate after the warm-up.",
        choices_help=SHAPES_TOLD,
    )
    warmup_steps: int = option(
        0,
        "Warm-up steps",
        "Linear rise from zero: 50 … 200 steps calm the beginning of a full model or of Lion.",
        low=0,
        high=10**6,
    )
    warmup_fraction: float = since(
        "0.2",
        option(
            0.0,
            "Warm-up share",
            "The same as a share of all steps, e.g. 0.05; leave the steps at 0 then.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
    num_cycles: int = option(1, "Cycles", "Of cosine_with_restarts.", low=1, high=100, advanced=True)
    power: float = option(1.0, "Power", "Of polynomial.", low=0.1, high=10, advanced=True)
    peak_fraction: float = since(
        "0.2",
        option(
            0.3, "Peak", "Where one_cycle is highest, as a share of all steps.", low=0, high=1, advanced=True
        ),
    )
    pieces: str = since(
        "0.2",
        option(
            "",
            "Pieces",
            "Of piecewise, e.g. 100:1, 300:0.5, 0.1: the full rate for the first 100 steps, half of it up "
            "to step 300, then a tenth to the end.",
            advanced=True,
        ),
    )
    min_lr_fraction: float = option(
        0.0,
        "Final share",
        "Where a falling schedule ends, as a share of the learning rate.",
        low=0,
        high=1,
        advanced=True,
    )
    text_encoder_name: Literal["same", ScheduleName] = since(
        "0.2",
        option(
            "same",
            "Text encoder schedule",
            "Of the text encoders alone; it runs over the steps in which they learn.",
            choices_help={"same": "As the U-Net's, over all steps.", **SHAPES_TOLD},
            advanced=True,
        ),
    )
    text_encoder_warmup_steps: int = since(
        "0.2",
        option(
            -1,
            "Text encoder warm-up steps",
            "Of the text encoders alone; -1: as the U-Net's.",
            low=-1,
            high=10**6,
            advanced=True,
        ),
    )
