"""How long a training lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class DurationConfig:
    """How long to train."""

    title: ClassVar[str] = "Duration"

    num_epochs: int = option(
        100, "Epochs", "How often every instance image is shown (times its repeats).", low=1, high=1_000_000
    )
    max_steps: int = option(
        0,
        "Steps",
        "Train this many optimizer steps, whatever the epochs say; 0: by epochs.",
        low=0,
        high=10**9,
    )
