"""Pictures that are asked of a training while it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import torch

from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.wanted import read_wanted
from dreambooth.training.run import Run
from dreambooth.training.samples import Preview, make_previews


def draw_asked(job: Job, run: Run, content: str) -> None:
    """Draw what a request asks for with the weights as they are; what cannot be drawn is a warning."""
    try:
        wanted, learner = read_wanted(_read_values(content)), run.learner
        previews = wanted.previews(learner.model, learner.reading.clip_skip)
        _draw(job, run, previews)
    except Refused as refusal:
        job.warn(f"the pictures that were asked for are not drawn: {'; '.join(str(refusal).splitlines())}")
    except torch.OutOfMemoryError:
        job.warn("the device has too little memory to draw what was asked for; ask for smaller pictures")


def _read_values(content: str) -> dict[str, Any]:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise Refused(f"the request is not JSON ({error})") from None
    if not isinstance(values, dict):
        raise Refused("the request is no JSON object with a prompt")
    return values


def _draw(job: Job, run: Run, previews: list[Preview]) -> None:
    lifetime = job.asked["lifetime_before"]["steps"] + run.step
    folder, learner = job.model_folder, run.learner
    free = _free_files(folder.samples, f"drawn_{lifetime}-{previews[0].wish.seed}")
    paths = [path for path, _ in zip(free, previews, strict=False)]
    with run.with_shown(run.shown()[0]):
        made = make_previews(learner.model, learner.device, previews, paths.__getitem__, folder.name)
        for path, preview in made:
            wish, told = preview.wish, path.relative_to(folder.path).as_posix()
            job.events.write(
                "sample", step=run.step, path=told, prompt=wish.prompt, seed=wish.seed, asked=True
            )
            if job.is_stop_asked():
                return


def _free_files(folder: Path, stem: str) -> Iterator[Path]:
    """``STEM-0.png``, ``STEM-1.png`` … as far as they are not there: the same may be asked for twice."""
    return (path for number in count() if not (path := folder / f"{stem}-{number}.png").exists())
