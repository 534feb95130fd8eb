"""Previews during a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Previews during training."""

    sample_every_epochs: int = option(0, "Sample every (epochs)", "0: off.", low=0, high=10**6)
    sample_every_steps: int = option(0, "Sample every (steps)", "0: off.", low=0, high=10**9)
    sample_at_end: bool = option(True, "Sample at the end", "One last set of previews.")
    sampler: Literal["ddim", "euler", "euler_a", "dpmpp_2m", "unipc"] = option(
        "ddim", "Sampler", "Of previews and class images."
    )
    sanity_prompt: str = option(
        "", "Sanity prompt", "One more preview, always the same, that shows how far the model drifts."
    )
    sanity_seed: int = option(420420, "Sanity seed", "Its seed.", low=0, high=2**32, advanced=True)
