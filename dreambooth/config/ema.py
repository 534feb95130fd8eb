"""The moving average of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class EmaConfig:
    """A moving average of the trained weights."""

    title: ClassVar[str] = "Average (EMA)"

    enabled: bool = option(False, "Use EMA", "Average the weights over time: smoother results.")
    decay: float = option(
        0.9999, "EMA decay", "Reached after a warm-up.", low=0, high=0.999999, advanced=True
    )
    placement: Literal["main", "beside"] = option(
        "main",
        "Average in checkpoints",
        "Where a checkpoint holds the average.",
        advanced=True,
        choices_help={
            "main": "In the place of the trained weights: every webui draws with the average.",
            "beside": "As EMA next to the trained weights, from which a further training goes on better.",
        },
    )
    text_encoders: bool = since(
        "0.2",
        option(
            False,
            "Average text encoders",
            "Also what the text encoders learn; else the average is of the U-Net alone.",
            advanced=True,
        ),
    )
    update_every: int = since(
        "0.2",
        option(
            1,
            "Update every (steps)",
            "10 takes a tenth of the time, and makes the average ten times slower at the same decay: lower "
            "the decay with it.",
            low=1,
            high=10**6,
            advanced=True,
        ),
    )
    device: Literal["same", "cpu"] = since(
        "0.2",
        option(
            "same",
            "Kept in",
            "Where the average lies.",
            advanced=True,
            choices_help={
                "same": "In the memory of the device: fast.",
                "cpu": "In main memory: saves a copy of the weights on the device; update it less often.",
            },
        ),
    )
    show: Literal["average", "trained", "both"] = since(
        "0.2",
        option(
            "average",
            "Previews show",
            "Which weights draw the previews, where an average is kept.",
            choices_help={
                "average": "The average, as results have it.",
                "trained": "The weights as they are trained at that moment.",
                "both": "One set of each: twice the time.",
            },
        ),
    )
