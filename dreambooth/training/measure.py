"""The common measure of what a model has learnt: its error on fixed pictures with fixed noise.

Two models are compared on the same timesteps and the same noise (common random numbers), so that their ratio
is far steadier than either error. The loss of a training run is no evidence: its noise differs each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dreambooth.models.family import Model
from dreambooth.training.conditions import whole_picture
from dreambooth.training.device import Device, evaluating
from dreambooth.training.objective import add_noise, kept_at, squared_errors, target
from dreambooth.training.randomness import normal

TIMESTEPS = tuple(range(25, 1000, 50))
HIGH_NOISE = 600  # from here on only the caption can tell what the picture shows


@dataclass(frozen=True)
class NoiseError:
    """Mean squared error of the prediction: over all timesteps, and where there is much noise."""

    overall: float
    high: float

    def relative_to(self, other: NoiseError) -> NoiseError:
        """Both as shares of another measurement of the same pictures."""
        return NoiseError(self.overall / other.overall, self.high / other.high)


def noise_error(model: Model, device: Device, prompts: Sequence[str], pictures: Tensor) -> NoiseError:
    """E(model, prompts, pictures), a prompt for each of the pictures (N, 3, H, W) in -1 … 1."""
    timesteps = torch.tensor(TIMESTEPS, device=device.device)
    errors = []  # one (T,) for each picture
    with evaluating(*model.parts.values(), model.vae):
        for number, (prompt, picture) in enumerate(zip(prompts, pictures, strict=True)):
            latents = model.encode_pictures(picture[None].to(device.device)).mean
            latents = latents.expand(len(timesteps), -1, -1, -1)  # (T, c, h, w)
            noise = normal(latents.shape, "measure", number).to(device.device)
            kept = kept_at(model.alphas_cumprod, timesteps, latents)
            with device.autocast():
                text_states = model.join_states([model.encode_captions([prompt])] * len(timesteps))
                conditions = whole_picture(
                    model, text_states, device.device, height=picture.shape[-2], width=picture.shape[-1]
                )
                prediction = model.predict(add_noise(latents, noise, kept), timesteps, conditions)
            errors.append(squared_errors(prediction, target(latents, noise, kept, model.predicts)).cpu())
    by_timestep = torch.stack(errors).mean(0)
    return NoiseError(
        float(by_timestep.mean()), float(by_timestep[torch.tensor(TIMESTEPS) >= HIGH_NOISE].mean())
    )
