"""What a step makes the U-Net look at: latents of pictures with noise, at timesteps.

Every draw comes from ``where`` = (seed, step, number of the batch) and a purpose, so that one setting does
not move what another draws. Where several processes share a batch, each draws for all of it, and takes the
rows that are its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dreambooth.config.noise import NoiseConfig
from dreambooth.data.batches import Batch
from dreambooth.training import objective
from dreambooth.training.learner import Learner
from dreambooth.training.randomness import generator_of, normal, own_rows


@dataclass(frozen=True, kw_only=True)
class Noised:
    """The latents of a batch, and what the U-Net sees of them; all but the timesteps can be broadcast."""

    latents: Tensor  # (B, c, h, w)
    noise: Tensor  # (B, c, h, w): what the model is to tell
    timesteps: Tensor  # (B,)
    kept: Tensor  # (B, 1, 1, 1)
    noisy: Tensor  # (B, c, h, w): what the model sees


def draw_noised(learner: Learner, batch: Batch, where: tuple[object, ...]) -> Noised:
    """The pictures of a batch with fresh noise, each at a random timestep."""
    model, device = learner.model, learner.device.device
    mean, std = learner.latents.fetch(batch)  # (B, c, h, w)
    whole = torch.Size((batch.num_whole, *mean.shape[1:]))
    latents = mean + std * own_rows(batch, normal(whole, *where, "latents"))
    noise = own_rows(batch, _draw_noise(learner.config.noise, whole, where))
    timesteps = torch.randint(
        len(model.alphas_cumprod), (batch.num_whole,), generator=generator_of(*where, "timesteps")
    )
    timesteps = own_rows(batch, timesteps)
    latents, noise, timesteps = (t.to(device) for t in (latents, noise, timesteps))
    kept = objective.kept_at(model.alphas_cumprod, timesteps, latents)
    noisy = objective.add_noise(latents, noise, kept)
    return Noised(latents=latents, noise=noise, timesteps=timesteps, kept=kept, noisy=noisy)


def _draw_noise(config: NoiseConfig, shape: torch.Size, where: tuple[object, ...]) -> Tensor:
    """Noise (B, c, h, w) of a batch."""
    noise = normal(shape, *where, "noise")
    if config.offset_noise:
        offset = normal((*shape[:2], 1, 1), *where, "offset")
        noise = objective.with_offset(noise, offset, config.offset_noise)
    return noise
