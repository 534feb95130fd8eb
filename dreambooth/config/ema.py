"""The moving average of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class EmaConfig:
    """A moving average of the U-Net's trained weights."""

    enabled: bool = option(False, "Use EMA", "Average the weights over time; previews show the average.")
    decay: float = option(
        0.9999, "EMA decay", "Reached after a warm-up.", low=0, high=0.999999, advanced=True
    )
    placement: Literal["main", "beside"] = option(
        "main",
        "Average in checkpoints",
        "main: in the place of the weights. beside: as EMA next to the weights, which trains on better.",
        advanced=True,
    )
