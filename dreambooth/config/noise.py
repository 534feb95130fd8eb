"""Which noise is learnt from, and at which timesteps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class NoiseConfig:
    """Which noise is learnt from, and at which timesteps."""

    title: ClassVar[str] = "Noise and timesteps"

    offset_noise: float = option(
        0.0,
        "Offset noise",
        "Lets the model learn very dark and bright pictures (about 0.1); 0: off.",
        low=0,
        high=1,
        advanced=True,
    )
