"""Which settings fit a model that nobody has changed any for yet."""

from __future__ import annotations

from dataclasses import replace

from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig

SMALLEST_BUCKET_STEPS_PER_SIDE = 8
LATENT_PX = 8  # along the side of one latent, in every model so far


def fitting_config(native_resolution: int, latent_px: int = LATENT_PX) -> TrainConfig:
    """The default settings for a model of this resolution; a small model gets a finer bucket step."""
    defaults = DataConfig()
    step_px = min(defaults.bucket_step_px, native_resolution // SMALLEST_BUCKET_STEPS_PER_SIDE)
    step_px = max(latent_px, step_px // latent_px * latent_px)
    return TrainConfig(data=replace(defaults, resolution=native_resolution, bucket_step_px=step_px))
