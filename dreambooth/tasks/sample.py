"""Draws pictures with a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.prepare import ready_model
from dreambooth.training.samplers import Look, Wish
from dreambooth.training.samples import Preview, make_previews


def sample(job: Job) -> dict[str, Any]:
    """As many pictures of one prompt as were asked for, with seeds counted up from the first."""
    asked = job.asked
    model, device = ready_model(job, job.load_config())
    _refuse_impossible(asked, model.size_step_px)
    side = job.load_record().native_resolution
    look = Look(
        width=asked["width"] or side,
        height=asked["height"] or side,
        num_steps=asked["steps"],
        guidance_scale=asked["guidance_scale"],
        sampler=asked["sampler"],
    )
    wishes = [
        Wish(prompt=asked["prompt"], negative_prompt=asked["negative_prompt"], seed=asked["seed"] + number)
        for number in range(asked["count"])
    ]
    folder = Path(asked["to"])
    previews = [Preview(wish, look) for wish in wishes]
    paths = []
    for path, preview in make_previews(
        model, device, previews, lambda n: folder / f"{wishes[n].seed:010d}.png", job.model_folder.name
    ):
        paths.append(str(path))
        job.events.write("sample", path=str(path), prompt=preview.wish.prompt, seed=preview.wish.seed)
        job.progress("samples", len(paths), len(wishes))
    return {"pictures": paths}


def _refuse_impossible(asked: Mapping[str, Any], size_step_px: int) -> None:
    if min(asked["count"], asked["steps"]) < 1 or asked["seed"] < 0:
        raise Refused("count and steps are at least 1, the seed at least 0")
    if any(side < 0 or side % size_step_px for side in (asked["width"], asked["height"])):
        raise Refused(f"width and height must be multiples of {size_step_px}, or 0 for the model's own")
