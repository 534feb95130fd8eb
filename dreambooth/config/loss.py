"""What is minimised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What is minimised."""

    title: ClassVar[str] = "Loss"

    prior_loss_weight: float = option(
        1.0, "Prior loss weight", "Weight of a class image beside an instance image's 1.", low=0, high=100
    )
    min_snr_gamma: float = option(
        0.0, "Min-SNR gamma", "Balances the timesteps (usually 5); 0: off.", low=0, high=100, advanced=True
    )
    check_prediction: bool = option(
        True,
        "Check the prediction type",
        "Stop before the first step when the model answers as if it predicted the other, noise or velocity.",
        advanced=True,
    )
