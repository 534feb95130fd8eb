"""Previews during a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Previews during training."""

    title: ClassVar[str] = "Previews"

    sample_every_epochs: int = option(0, "Sample every (epochs)", "0: off.", low=0, high=10**6)
    sample_every_steps: int = option(0, "Sample every (steps)", "0: off.", low=0, high=10**9)
    sample_at_end: bool = option(True, "Sample at the end", "One last set of previews.")
    sampler: Literal["ddim", "euler", "euler_a", "dpmpp_2m", "unipc"] = option(
        "ddim",
        "Sampler",
        "Of previews and class images.",
        choices_help={
            "ddim": "Steady and plain; 20 to 50 steps.",
            "euler": "Steady and plain, a little sharper; 20 to 30 steps.",
            "euler_a": "Adds noise anew on the way: livelier, and different with every number of steps.",
            "dpmpp_2m": "Good pictures in 15 to 25 steps.",
            "unipc": "Usable pictures in 10 to 15 steps.",
        },
    )
    sanity_prompt: str = option(
        "", "Sanity prompt", "One more preview, always the same, that shows how far the model drifts."
    )
    sanity_seed: int = option(420420, "Sanity seed", "Its seed.", low=0, high=2**32, advanced=True)
