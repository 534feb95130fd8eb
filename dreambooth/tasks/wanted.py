"""Pictures that somebody wants to see: what is asked, whether it can be drawn, and what it comes to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from dreambooth.models.family import Model
from dreambooth.tasks.job import Refused
from dreambooth.training.samplers import SAMPLER_NAMES, Look, Wish
from dreambooth.training.samples import Preview

LIMITS = {
    "count": (1, 1000),
    "seed": (0, 2**62),
    "steps": (1, 500),
    "guidance_scale": (0, 100),
    "width": (0, 2048),
    "height": (0, 2048),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many pictures of a prompt, with seeds counted up from the first."""

    prompt: str
    negative_prompt: str = ""
    count: int = 1
    seed: int = 0
    steps: int = 20
    guidance_scale: float = 7.5
    sampler: str = "ddim"
    width: int = 0  # 0: the model's own
    height: int = 0

    def previews(self, model: Model, clip_skip: int) -> list[Preview]:
        """The pictures; raises Refused for a size that the model cannot draw."""
        if any(side % model.size_step_px for side in (self.width, self.height)):
            raise Refused(
                f"width and height must be multiples of {model.size_step_px}, or 0 for the model's own"
            )
        look = Look(
            width=self.width or model.native_resolution,
            height=self.height or model.native_resolution,
            num_steps=self.steps,
            guidance_scale=self.guidance_scale,
            sampler=self.sampler,
            clip_skip=clip_skip,
        )
        wishes = (
            Wish(prompt=self.prompt, negative_prompt=self.negative_prompt, seed=self.seed + number)
            for number in range(self.count)
        )
        return [Preview(wish, look) for wish in wishes]


def read_wanted(values: Mapping[str, Any]) -> Wanted:
    """What is asked for in plain values; what is absent is as in the command line. Raises Refused."""
    if faults := list(_find_faults(values)):
        raise Refused("\n".join(faults))
    return Wanted(**values)


def _find_faults(values: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name: field for field in fields(Wanted)}
    if "prompt" not in values:
        yield "prompt: say what the pictures are to show"
    for name, value in values.items():
        if name not in known:
            yield f"{name}: there is no such thing to ask for"
        elif name in LIMITS:
            low, high = LIMITS[name]
            if not _is_number(value, whole=known[name].type == "int") or not low <= value <= high:
                yield f"{name} must be a number from {low} to {high}"
        elif not _is_text(value):
            yield f"{name} must be a text"
    if (sampler := values.get("sampler", "ddim")) not in [*SAMPLER_NAMES]:
        yield f"sampler: there is no {sampler!r}; choose one of {', '.join(SAMPLER_NAMES)}"


def _is_number(value: object, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) if whole else math.isfinite(value)


def _is_text(value: object) -> bool:
    """Whether it is a text that can be written down; JSON can hold halves of characters."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
