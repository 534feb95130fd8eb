"""Which parts of a model learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class PartsConfig:
    """Which parts of the model learn."""

    title: ClassVar[str] = "Parts that learn"

    train_unet: bool = option(True, "Train the U-Net", "The part that draws.")
    text_encoder_fraction: float = option(
        0.0,
        "Text encoder share",
        "Share of the steps, from the start, that train the text encoder.",
        low=0,
        high=1,
    )
