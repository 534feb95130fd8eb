"""What a diffusion model is trained to do. Tensors in, tensors out.

``kept`` is the share of signal variance that a timestep keeps (alpha-bar of DDPM), broadcast as (B, 1, 1, 1).
"""

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


def differences(prediction: Tensor, target: Tensor) -> Tensor:
    """By how much the prediction is off, in float32."""
    return prediction.float() - target.float()


def squared_errors(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of each example, (B,), in float32."""
    return differences(prediction, target).square().flatten(1).mean(1)


def min_snr_weights(kept: Tensor, gamma: float, predicts: Prediction) -> Tensor:
    """Per-example weights (B,) of Min-SNR-gamma (arXiv:2303.09556, section 3.4)."""
    kept = kept.flatten()
    snr = kept / (1 - kept)
    if predicts == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    # min(snr, gamma) / snr, written so that no signal at all (snr = 0) gives 1 and not 0 / 0
    return (gamma * (1 - kept) / kept).clamp(max=1)


def with_offset(noise: Tensor, offset: Tensor, strength: float) -> Tensor:
    """Offset noise (Guttenberg, 2023): one shift per channel, ``offset`` (B, c, 1, 1), on (B, c, h, w)."""
    return noise + strength * offset
