"""How gradients move the weights: unscaled, clipped, applied, and an adapter's size held."""

from __future__ import annotations

import math

from torch import nn

from dreambooth.adapters.lora import limit_norms
from dreambooth.training.learner import Learner


def update(learner: Learner, *, is_finite: bool) -> float:
    """Move the weights, unless the gradient is not finite; returns its norm before clipping."""
    learner.scaler.unscale_(learner.optimizer)
    limit = learner.config.optimizer.max_grad_norm or math.inf
    grad_norm = float(nn.utils.clip_grad_norm_(learner.learning, limit))
    if is_finite and (math.isfinite(grad_norm) or learner.scaler.is_enabled()):
        learner.scaler.step(learner.optimizer)  # under fp16 it leaves out what overflowed
    if learner.scaler.is_enabled():
        learner.scaler.update()
    if learner.config.adapter != "none" and learner.config.lora.max_norm:
        limit_norms(learner.model, learner.config.lora.max_norm)
    learner.optimizer.zero_grad(set_to_none=True)
    return grad_norm
