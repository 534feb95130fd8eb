"""What a step makes the U-Net look at: latents of pictures with noise, at timesteps.

Every draw comes from ``where`` = (seed, step, number of the batch) and a purpose, so that one setting does
not move what another draws. Where several processes share a batch, each draws for all of it, and takes the
rows that are its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from dreambooth.config.noise import NoiseConfig
from dreambooth.data.batches import Batch
from dreambooth.models.family import Prediction
from dreambooth.training import objective
from dreambooth.training.learner import Learner
from dreambooth.training.randomness import generator_of, normal, own_rows

Where = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Noised:
    """Latents, and what the U-Net sees of them; (B, c, h, w) but for the last two."""

    latents: Tensor
    noise: Tensor  # what the model is to tell
    seen_noise: Tensor  # what the latents are noised with
    timesteps: Tensor  # (B,)
    kept: Tensor  # (B, 1, 1, 1)

    @property
    def noisy(self) -> Tensor:
        """What the U-Net sees."""
        return objective.add_noise(self.latents, self.seen_noise, self.kept)

    def target(self, predicts: Prediction) -> Tensor:
        """What it should answer."""
        return objective.target(self.latents, self.noise, self.kept, predicts)

    def chosen(self, places: Sequence[int]) -> Noised:
        """Some of them, or the same more than once."""
        chosen: dict[str, Any] = {
            name: getattr(self, name)[list(places)]
            for name in ("latents", "noise", "seen_noise", "timesteps", "kept")
        }
        return Noised(**chosen)

    def with_dream(self, answer: Tensor, detail_preservation: float, predicts: Prediction) -> Noised:
        """With noise that has the model's own error in it, given what it answers to the plain one."""
        answered = objective.predicted_noise(answer.float(), self.noisy, self.kept, predicts)
        added = objective.dream_noise(self.noise, answered, self.kept, detail_preservation)
        return replace(self, noise=self.noise + added, seen_noise=self.seen_noise + added)


def draw_noised(learner: Learner, batch: Batch, where: Where) -> Noised:
    """The pictures of a batch with fresh noise, each at a random timestep."""
    config, model = learner.config.noise, learner.model
    mean, std = learner.latents.fetch(batch)  # (B, c, h, w)
    whole = torch.Size((batch.num_whole, *mean.shape[1:]))
    latents = mean + std * own_rows(batch, normal(whole, *where, "latents"))
    noise = own_rows(batch, _draw_noise(config, whole, where))
    seen_noise = noise
    if config.input_perturbation:  # arXiv:2301.11706, algorithm 1
        perturbation = own_rows(batch, normal(whole, *where, "perturbation"))
        seen_noise = noise + config.input_perturbation * perturbation
    timesteps = own_rows(batch, _draw_timesteps(config, batch.num_whole, where))
    latents, noise, seen_noise, timesteps = (
        t.to(learner.device.device) for t in (latents, noise, seen_noise, timesteps)
    )
    kept = objective.kept_at(model.alphas_cumprod, timesteps, latents)
    return Noised(latents=latents, noise=noise, seen_noise=seen_noise, timesteps=timesteps, kept=kept)


def _draw_noise(config: NoiseConfig, shape: torch.Size, where: Where) -> Tensor:
    """Noise (B, c, h, w) of a batch."""
    noise = normal(shape, *where, "noise")
    if config.pyramid_discount:
        shrinking = 2 + 2 * torch.rand(config.pyramid_levels, generator=generator_of(*where, "pyramid"))
        sizes = objective.pyramid_sizes(shape[2], shape[3], shrinking.tolist())
        coarser = [
            normal((*shape[:2], *size), *where, "pyramid level", level) for level, size in enumerate(sizes)
        ]
        noise = objective.with_pyramid(noise, coarser, config.pyramid_discount)
    if config.offset_noise:
        offset = normal((*shape[:2], 1, 1), *where, "offset")
        strength: float | Tensor = config.offset_noise
        if config.offset_random:
            share = torch.rand(len(noise), 1, 1, 1, generator=generator_of(*where, "offset strength"))
            strength = config.offset_noise * share
        noise = objective.with_offset(noise, offset, strength)
    return noise


def _draw_timesteps(config: NoiseConfig, count: int, where: Where) -> Tensor:
    """Integer timesteps (B,) in the range that is learnt."""
    first, end = config.min_timestep, config.max_timestep
    generator = generator_of(*where, "timesteps")
    if config.timestep_sampling == "uniform":
        return torch.randint(first, end, (count,), generator=generator)
    if config.timestep_sampling == "spread":
        order = torch.randperm(count, generator=generator)
        shares = objective.spread_shares(torch.rand((), generator=generator), order)
    else:
        numbers = torch.randn(count, generator=generator)
        shares = objective.logit_normal_shares(numbers, config.logit_mean, config.logit_scale)
    return objective.timesteps_between(shares, first, end)
