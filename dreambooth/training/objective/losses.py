"""How errors are counted: element by element, then example by example."""

from __future__ import annotations

import torch
from torch import Tensor

from dreambooth.config.loss import HuberSchedule, LossKind
from dreambooth.training.objective.diffusion import differences


def element_losses(prediction: Tensor, target: Tensor, kind: LossKind, thresholds: Tensor) -> Tensor:
    """The loss of every element (B, c, h, w), in float32; ``thresholds`` (B, 1, 1, 1) of the two in between.

    huber and smooth_l1 are the pseudo-Huber loss 2c (sqrt(e² + c²) - c) and the same divided by c, as Stable
    Diffusion's other trainers have them (arXiv:2403.16728): e² where an error e is far below c,
    and 2c|e|, or 2|e|, where it is far above.
    """
    errors = differences(prediction, target)
    if kind == "l2":
        return errors.square()
    if kind == "l1":
        return errors.abs()
    rounded = 2 * ((errors.square() + thresholds.square()).sqrt() - thresholds)
    return thresholds * rounded if kind == "huber" else rounded


def huber_thresholds(
    schedule: HuberSchedule, c: float, kept: Tensor, timesteps: Tensor, num_timesteps: int
) -> Tensor:
    """The threshold of each example (B, 1, 1, 1): arXiv:2403.16728, and kohya's form by SNR.

    exponential is c^(t/T); snr is (1 - c) / (1 + sigma)² + c with sigma = sqrt((1 - kept) / kept), which is 1
    without noise and c without signal.
    """
    if schedule == "constant":
        return torch.full_like(kept, c)
    if schedule == "exponential":
        return c ** (timesteps.to(kept.dtype) / num_timesteps).reshape_as(kept)
    sigma = ((1 - kept) / kept).sqrt()
    return (1 - c) / (1 + sigma).square() + c


def capped(losses: Tensor, greatest: float) -> Tensor:
    """Losses (B,) scaled down to at most ``greatest``, gradients with them: one example pulls no further."""
    return losses * (greatest / losses.detach().clamp(min=greatest))


def weighted_losses(losses: Tensor, weights: Tensor, margin: float) -> Tensor:
    """What each example (B,) adds to the sum that is minimised.

    A negative weight pushes away: |w| max(0, margin - loss), the contrastive loss of what must not be alike
    (Hadsell, Chopra, LeCun 2006, equation 4, of the loss instead of its root). The push ends at the margin:
    without an end a minimum would lie in destroying the model.
    """
    return torch.where(weights < 0, -weights * (margin - losses).clamp(min=0), weights * losses)
