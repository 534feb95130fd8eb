"""What a diffusion model is trained to do. Tensors in, tensors out, each formula with its source.

``kept`` is the share of signal variance that a timestep keeps (alpha-bar of DDPM), broadcast as (B, 1, 1, 1);
the signal-to-noise ratio is kept / (1 - kept).
"""

from dreambooth.training.objective.diffusion import (
    add_noise,
    differences,
    kept_at,
    predicted_noise,
    squared_errors,
    target,
)
from dreambooth.training.objective.losses import capped, element_losses, huber_thresholds, weighted_losses
from dreambooth.training.objective.noise import dream_noise, pyramid_sizes, with_offset, with_pyramid
from dreambooth.training.objective.timesteps import logit_normal_shares, spread_shares, timesteps_between
from dreambooth.training.objective.weights import debiased_weights, like_noise_weights, min_snr_weights

__all__ = [
    "add_noise",
    "capped",
    "debiased_weights",
    "differences",
    "dream_noise",
    "element_losses",
    "huber_thresholds",
    "kept_at",
    "like_noise_weights",
    "logit_normal_shares",
    "min_snr_weights",
    "predicted_noise",
    "pyramid_sizes",
    "spread_shares",
    "squared_errors",
    "target",
    "timesteps_between",
    "weighted_losses",
    "with_offset",
    "with_pyramid",
]
