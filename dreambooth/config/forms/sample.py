"""Drawing with a model: pictures of one prompt, or a grid of saved steps and prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dreambooth.config.entry import entry, same_as
from dreambooth.config.forms.form import Form
from dreambooth.config.option import option
from dreambooth.config.problem import Problem
from dreambooth.config.samples import SampleConfig


@dataclass(frozen=True, kw_only=True)
class LookForm(Form):
    """How a picture is drawn, whatever it shows."""

    negative_prompt: str = entry(option("", "Negative prompt", "What the pictures should avoid."), "text")
    count: int = option(1, "Pictures", "Of each prompt, their seeds counted up.", low=1, high=1000)
    seed: int = option(0, "Seed", "Of the first picture.", low=0, high=2**32)
    steps: int = option(20, "Steps", "Sampler steps of a picture.", low=1, high=500)
    guidance_scale: float = option(
        7.5, "Guidance scale", "How closely the prompt is followed (CFG); 1: without.", low=0, high=100
    )
    sampler: str = same_as(SampleConfig, "sampler", "How noise becomes a picture.")
    width: int = option(0, "Width", "0: the model's own.", low=0, high=2048)
    height: int = option(0, "Height", "0: the model's own.", low=0, high=2048)
    adapter_weight: float = option(
        1.0, "Adapter weight", "How much of the model's LoRA is added; 1: as trained.", low=0, high=2
    )


@dataclass(frozen=True, kw_only=True)
class PictureForm(Form):
    """What the pictures show."""

    prompt: str = entry(option("", "Prompt", "What the pictures show."), "text", required=True)


@dataclass(frozen=True, kw_only=True)
class SampleForm(LookForm, PictureForm):
    """Pictures of one prompt."""

    to: str = entry(option("", "Folder", "Folder for the pictures; empty: with the model."), "output")
    weights: str = entry(
        option("", "Saved step", "One of the model's checkpoints to draw with; empty: the model as it is."),
        "save",
    )


@dataclass(frozen=True, kw_only=True)
class GridForm(LookForm):
    """The same pictures from several saved steps, side by side."""

    saves: tuple[str, ...] = entry(
        option((), "Saved steps", "The model's checkpoints to compare; empty: the model as it is."),
        "save",
        required=True,
    )
    prompts: tuple[str, ...] = entry(
        option((), "Prompts", "One a line; every saved step draws each of them."), "text", required=True
    )

    def problems(self) -> Iterator[Problem]:
        """Prompts that say nothing, and steps that are named twice."""
        yield from super().problems()
        if not all(prompt.strip() for prompt in self.prompts):
            yield Problem("prompts", "one of them is empty: leave it out")
        if len(set(self.saves)) < len(self.saves):
            yield Problem("saves", "one of them is named twice: leave one out")
