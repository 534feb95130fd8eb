"""Signal and noise: how a picture is noised, and what the U-Net should answer."""

from __future__ import annotations

from torch import Tensor

from dreambooth.models.family import Prediction


def kept_at(alphas_cumprod: Tensor, timesteps: Tensor, like: Tensor) -> Tensor:
    """``alphas_cumprod`` (T,) at integer timesteps (B,), as (B, 1, 1, 1) in the precision of ``like``."""
    return alphas_cumprod.to(timesteps.device)[timesteps].to(like.dtype).reshape(-1, 1, 1, 1)


def add_noise(latents: Tensor, noise: Tensor, kept: Tensor) -> Tensor:
    """Diffused latents (DDPM, arXiv:2006.11239, equation 4)."""
    return kept.sqrt() * latents + (1 - kept).sqrt() * noise


def target(latents: Tensor, noise: Tensor, kept: Tensor, predicts: Prediction) -> Tensor:
    """What the U-Net should answer: the noise, or the velocity (arXiv:2202.00512, section 4)."""
    if predicts == "epsilon":
        return noise
    return kept.sqrt() * noise - (1 - kept).sqrt() * latents


def predicted_noise(prediction: Tensor, noisy: Tensor, kept: Tensor, predicts: Prediction) -> Tensor:
    """The noise that an answer to ``noisy`` latents amounts to (arXiv:2202.00512, appendix D)."""
    if predicts == "epsilon":
        return prediction
    return (1 - kept).sqrt() * noisy + kept.sqrt() * prediction


def differences(prediction: Tensor, target: Tensor) -> Tensor:
    """By how much the prediction is off, in float32."""
    return prediction.float() - target.float()


def squared_errors(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of each example, (B,), in float32."""
    return differences(prediction, target).square().flatten(1).mean(1)
