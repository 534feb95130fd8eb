"""Generates the class images that are missing; picture by picture, so that a kill costs one batch at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.folders import written_whole
from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.data.drawn_prompts import drawn_prompt
from dreambooth.data.listing import REJECTED
from dreambooth.models.family import Model
from dreambooth.training.device import Device
from dreambooth.training.pictures import save_picture
from dreambooth.training.randomness import derive_seed
from dreambooth.training.samplers import Look, Wish, draw_pictures, generation_text

BATCH = 4


@dataclass(frozen=True, kw_only=True)
class ClassJob:
    """The class images of one concept that are still to be made, one for each of the prompts."""

    concept_index: int
    folder: Path
    prompts: Sequence[str]


def _seed(config: TrainConfig, concept_index: int, number: int) -> int:
    return derive_seed(config.seed, "class image", concept_index, number) % 2**32


def _picture_file(folder: Path, seed: int) -> Path:
    return folder / f"class_{seed:010d}.png"


def _is_free(picture: Path) -> bool:
    """Whether a picture may be drawn: it is not there, and nobody has rejected it."""
    return not picture.exists() and not picture.with_suffix(REJECTED).exists()


@dataclass(frozen=True)
class ClassPicture:
    """A class image that is to be drawn; its number decides its seed and its place in a batch."""

    number: int
    seed: int
    path: Path
    prompt: str


def plan_pictures(config: TrainConfig, job: ClassJob) -> list[ClassPicture]:
    """The first pictures that may be drawn: at the end, and where the user threw one away."""
    pictures = []
    prompts = iter(job.prompts)
    for number in count():
        seed = _seed(config, job.concept_index, number)
        path = _picture_file(job.folder, seed)
        if not _is_free(path):
            continue
        prompt = next(prompts, None)
        if prompt is None:
            break
        pictures.append(ClassPicture(number, seed, path, prompt))
    return pictures


def _look(config: TrainConfig, concept: Concept) -> Look:
    side = resolution_of(config, concept)
    return Look(
        width=side,
        height=side,
        num_steps=concept.class_infer_steps,
        guidance_scale=concept.class_guidance_scale,
        sampler=config.samples.sampler,
        clip_skip=config.captions.clip_skip,
    )


def generate_class_images(
    model: Model, device: Device, config: TrainConfig, job: ClassJob, model_name: str
) -> Iterator[Path]:
    """Each class image with its caption file, as it is made.

    The caption is written before its picture, so no picture ever lacks one. The last bits of a picture depend
    on its place in the batch: batches are the same wherever an earlier generation was interrupted, and the
    places of pictures that are there already, or were rejected, are drawn in vain.
    """
    concept = config.concepts[job.concept_index]
    look = _look(config, concept)
    wanted = {picture.number: picture for picture in plan_pictures(config, job)}
    last = max(wanted, default=-1)
    for start in sorted({number // BATCH * BATCH for number in wanted}):
        numbers = range(start, min(start + BATCH, last + 1))
        wishes = [
            Wish(
                prompt=drawn_prompt(wanted[number].prompt, concept.class_prompt, config.captions)
                if number in wanted
                else "",
                negative_prompt=concept.class_negative_prompt,
                seed=_seed(config, job.concept_index, number),
            )
            for number in numbers
        ]
        for number, wish, picture in zip(
            numbers, wishes, draw_pictures(model, wishes, look, device), strict=True
        ):
            if number not in wanted:
                continue
            path = wanted[number].path
            with written_whole(path.with_suffix(".txt")) as file:
                file.write(wanted[number].prompt)
            save_picture(picture, path, generation_text(wish, look, model_name))
            yield path
