"""Previews of a model, during training and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.models.family import Model
from dreambooth.training.device import Device
from dreambooth.training.pictures import save_picture
from dreambooth.training.randomness import derive_seed
from dreambooth.training.samplers import Look, Wish, draw_pictures, generation_text

MAX_BATCH = 8


@dataclass(frozen=True)
class Preview:
    """A wished picture and how it is to be drawn."""

    wish: Wish
    look: Look


def planned_previews(config: TrainConfig, concept_prompts: list[str]) -> Iterator[Preview]:
    """What each preview of a run shows: the same prompts and seeds every time, so that they can be compared.

    ``concept_prompts`` holds the final sample prompt of each concept.
    """
    for index, (concept, prompt) in enumerate(zip(config.concepts, concept_prompts, strict=True)):
        first_seed, look = preview_seed(config, index), preview_look(config, concept)
        for number in range(concept.n_save_sample):
            wish = Wish(
                prompt=prompt, negative_prompt=concept.save_sample_negative_prompt, seed=first_seed + number
            )
            yield Preview(wish, look)
    if config.samples.sanity_prompt:
        side = config.data.resolution
        look = Look(
            width=side,
            height=side,
            sampler=config.samples.sampler,
            clip_skip=config.captions.clip_skip,
        )
        yield Preview(Wish(prompt=config.samples.sanity_prompt, seed=config.samples.sanity_seed), look)


def preview_seed(config: TrainConfig, index: int) -> int:
    """The first seed of a concept's previews, by its number."""
    seed = config.concepts[index].sample_seed
    return derive_seed(config.seed, "preview", index) % 2**32 if seed < 0 else seed


def preview_look(config: TrainConfig, concept: Concept) -> Look:
    """How a concept's previews are drawn."""
    side = resolution_of(config, concept)
    return Look(
        width=side,
        height=side,
        num_steps=concept.save_infer_steps,
        guidance_scale=concept.save_guidance_scale,
        sampler=config.samples.sampler,
        clip_skip=config.captions.clip_skip,
    )


def _batches(previews: Iterable[Preview]) -> Iterator[list[Preview]]:
    """Neighbours that are drawn alike, at most MAX_BATCH together."""
    batch: list[Preview] = []
    for preview in previews:
        if batch and (preview.look != batch[0].look or len(batch) == MAX_BATCH):
            yield batch
            batch = []
        batch.append(preview)
    if batch:
        yield batch


def make_previews(
    model: Model,
    device: Device,
    previews: Iterable[Preview],
    name_file: Callable[[int], Path],
    model_name: str,
) -> Iterator[tuple[Path, Preview]]:
    """Draw and save the pictures; ``name_file`` says where the n-th of them belongs."""
    count = 0
    for batch in _batches(previews):
        look = batch[0].look
        pictures = draw_pictures(model, [preview.wish for preview in batch], look, device)
        for preview, picture in zip(batch, pictures, strict=True):
            path = name_file(count)
            save_picture(picture, path, generation_text(preview.wish, look, model_name))
            yield path, preview
            count += 1
