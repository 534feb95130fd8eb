"""Previews during a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Previews during training."""

    title: ClassVar[str] = "Previews"

    sample_every_epochs: int = option(0, "Sample every (epochs)", "0: off.", low=0, high=10**6)
    sample_every_steps: int = option(0, "Sample every (steps)", "0: off.", low=0, high=10**9)
    sample_every_minutes: float = since(
        "0.2", option(0.0, "Sample every (minutes)", "By the clock; 0: off.", low=0, high=10**5)
    )
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
    judge_saves: bool = since(
        "0.2",
        option(
            False,
            "Show which step is good",
            "With every save the same pictures are drawn with the same seeds, and put below those of the "
            "saves before: the subject, the subject as your pictures do not show it, and the class alone. A "
            "few seconds for each save; the quickest way to see when it has learnt enough, or too much.",
        ),
    )
    overfitting_prompt: str = since(
        "0.2",
        option(
            "{prompt}, seen from behind",
            "Overfitting prompt",
            "Something that your pictures do not show; {prompt} stands for that of the subject. A good step "
            "still draws it: with too few steps it is not yet your subject, with too many it turns round "
            "again. For objects try {prompt} under water, for a style a subject that none of your pictures "
            "has. Empty: left out.",
        ),
    )
