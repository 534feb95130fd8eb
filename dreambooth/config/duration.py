"""How long a training lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option, since


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
    pause_every_epochs: int = since(
        "0.2",
        option(
            0,
            "Rest every (epochs)",
            "Let the device cool down after so many epochs; 0: never. It stays reserved for the training; to "
            "free it for other work, pause by hand.",
            low=0,
            high=10**6,
            advanced=True,
        ),
    )
    pause_seconds: int = since(
        "0.2",
        option(60, "Rest (seconds)", "How long each rest lasts.", low=0, high=86400, advanced=True),
    )
