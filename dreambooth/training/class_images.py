"""Generates the class images that are missing; picture by picture, so that a kill costs one batch at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.folders import written_whole
from dreambooth.config.settings import Concept, TrainConfig
from dreambooth.models.family import Model
from dreambooth.training.device import Device
from dreambooth.training.pictures import save_picture
from dreambooth.training.randomness import derive_seed
from dreambooth.training.samplers import Look, Wish, draw_pictures, generation_text

BATCH = 4


@dataclass(frozen=True, kw_only=True)
class ClassJob:
    """The class images of one concept that are still to be made: one prompt each, beside ``num_present``."""

    concept_index: int
    folder: Path
    prompts: Sequence[str]
    num_present: int


def _look(config: TrainConfig, concept: Concept) -> Look:
    side = config.data.resolution
    return Look(
        width=side,
        height=side,
        num_steps=concept.class_infer_steps,
        guidance_scale=concept.class_guidance_scale,
        sampler=config.samples.sampler,
    )


def generate_class_images(
    model: Model, device: Device, config: TrainConfig, job: ClassJob, model_name: str
) -> Iterator[Path]:
    """Each class image with its caption file, as it is made.

    The caption is written before its picture, so no picture ever lacks one.
    """
    concept = config.concepts[job.concept_index]
    look = _look(config, concept)
    for start in range(0, len(job.prompts), BATCH):
        numbers = range(job.num_present + start, job.num_present + min(start + BATCH, len(job.prompts)))
        wishes = [
            Wish(
                prompt=job.prompts[number - job.num_present],
                negative_prompt=concept.class_negative_prompt,
                seed=derive_seed(config.seed, "class image", job.concept_index, number) % 2**32,
            )
            for number in numbers
        ]
        for wish, picture in zip(wishes, draw_pictures(model, wishes, look, device), strict=True):
            path = job.folder / f"class_{wish.seed:010d}.png"
            with written_whole(path.with_suffix(".txt")) as file:
                file.write(wish.prompt)
            save_picture(picture, path, generation_text(wish, look, model_name))
            yield path
