"""The moving average of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class EmaConfig:
    """A moving average of the U-Net's trained weights."""

    title: ClassVar[str] = "Average (EMA)"

    enabled: bool = option(False, "Use EMA", "Average the weights over time; previews show the average.")
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
