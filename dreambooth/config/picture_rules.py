"""Rules for sizes of training pictures, and for how pictures are varied."""

from __future__ import annotations

from collections.abc import Iterator

from dreambooth.config.problem import Problem
from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig

LATENT_PX = 8  # sides that are no multiple of it are not whole latents


def size_problems(config: TrainConfig) -> Iterator[Problem]:
    """Sizes that are not whole latents or steps, and limits that no size is within."""
    data = config.data
    step = data.bucket_step_px
    if step % LATENT_PX:
        yield Problem("data.bucket_step_px", f"must be a multiple of {LATENT_PX}, the pixels of a latent")
    for name, resolution in _resolutions(config):
        if resolution % step:
            yield Problem(name, f"must be a multiple of the bucket step {step}")
        if data.use_buckets:
            yield from _limit_problems(config, resolution)
    if data.bucket_no_upscale and not data.use_buckets:
        yield Problem(
            "data.bucket_no_upscale",
            "needs buckets, since small pictures get sizes of their own: turn on data.use_buckets",
        )


def _resolutions(config: TrainConfig) -> Iterator[tuple[str, int]]:
    """Each resolution that is trained at, by the setting that says it."""
    yield "data.resolution", config.data.resolution
    for index, concept in enumerate(config.concepts):
        if concept.resolution:
            yield f"concepts.{index}.resolution", resolution_of(config, concept)


def _limit_problems(config: TrainConfig, resolution: int) -> Iterator[Problem]:
    data = config.data
    for name, side in (("bucket_min_px", data.bucket_min_px), ("bucket_max_px", data.bucket_max_px)):
        if side % data.bucket_step_px:
            yield Problem(f"data.{name}", f"must be 0 or a multiple of the bucket step {data.bucket_step_px}")
    if data.bucket_min_px > resolution:
        yield Problem("data.bucket_min_px", f"must not be more than the resolution {resolution}")
    if 0 < data.bucket_max_px < resolution:
        yield Problem("data.bucket_max_px", f"must be 0 or not less than the resolution {resolution}")


def variation_problems(config: TrainConfig) -> Iterator[Problem]:
    """Variations without anything that varies, and masks that hide nothing."""
    augment = config.augment
    strengths = (augment.brightness, augment.contrast, augment.saturation, augment.hue)
    if augment.colour_probability and not any(strengths):
        yield Problem("augment.colour_probability", "every strength is 0: raise one, or set it to 0")
    varies = augment.crop != "center" or augment.rotation_degrees or augment.colour_probability
    if augment.variants and not varies:
        yield Problem(
            "augment.variants", "nothing varies: choose a crop, a rotation or colours, or set it to 0"
        )
    if augment.masks == "off":
        return
    if augment.unmasked_weight == 1 or augment.unmasked_probability == 1:
        name = "unmasked_weight" if augment.unmasked_weight == 1 else "unmasked_probability"
        yield Problem(f"augment.{name}", "1 makes masks do nothing: lower it, or set augment.masks=off")
