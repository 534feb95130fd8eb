"""Which noise is learnt from, and at which timesteps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since

NUM_TIMESTEPS = 1000  # of every Stable Diffusion
TimestepSampling = Literal["uniform", "spread", "logit_normal"]


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
    offset_random: bool = since(
        "0.2",
        option(
            False,
            "Random offset strength",
            "Each picture has an offset between none and the full one: gentler on ordinary pictures.",
            advanced=True,
        ),
    )
    pyramid_discount: float = since(
        "0.2",
        option(
            0.0,
            "Pyramid noise",
            "Adds coarser noise, each level this much weaker than the last (0.1 to 0.4): "
            "bolder light and composition; 0: off.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
    pyramid_levels: int = since(
        "0.2",
        option(
            6, "Pyramid levels", "How many coarser levels there are at most.", low=1, high=10, advanced=True
        ),
    )
    input_perturbation: float = since(
        "0.2",
        option(
            0.0,
            "Input perturbation",
            "More noise in what the model sees than it is asked for, so that it forgives its own "
            "errors (about 0.1); 0: off.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
    min_timestep: int = since(
        "0.2",
        option(
            0,
            "First timestep",
            "Timesteps below are not learnt; little noise is for details. Raise it to leave details alone.",
            low=0,
            high=NUM_TIMESTEPS - 1,
            advanced=True,
        ),
    )
    max_timestep: int = since(
        "0.2",
        option(
            NUM_TIMESTEPS,
            "Last timestep",
            "This one and those above are not learnt; much noise is for composition. "
            "Lower it to learn details only.",
            low=1,
            high=NUM_TIMESTEPS,
            advanced=True,
        ),
    )
    timestep_sampling: TimestepSampling = since(
        "0.2",
        option(
            "uniform",
            "Timesteps drawn",
            "Which timesteps are learnt how often.",
            advanced=True,
            choices_help={
                "uniform": "All alike, each picture by itself.",
                "spread": "All alike, those of a batch evenly apart: a steadier loss with larger batches.",
                "logit_normal": "Mostly those in the middle, where a subject takes shape.",
            },
        ),
    )
    logit_mean: float = since(
        "0.2",
        option(
            0.0,
            "Logit-normal mean",
            "Where logit_normal has its peak: above 0 more noise, for style and composition; below, details.",
            low=-5,
            high=5,
            advanced=True,
        ),
    )
    logit_scale: float = since(
        "0.2",
        option(
            1.0,
            "Logit-normal width",
            "How wide logit_normal spreads; above 2 the ends come more often than the middle.",
            low=0.01,
            high=10,
            advanced=True,
        ),
    )
    zero_terminal_snr: bool = since(
        "0.2",
        option(
            False,
            "Zero terminal SNR",
            "Teaches the full model to draw from nothing but noise: truly dark and bright pictures. For "
            "models that predict velocity; results say so to webuis.",
            advanced=True,
        ),
    )
