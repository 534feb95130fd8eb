"""How gradients move the weights: at which rate, unscaled, clipped, applied, and an adapter's size held."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn

from dreambooth.adapters.lora import limit_norms
from dreambooth.config.lr_curve import lr_factor, text_lr_factor
from dreambooth.training.learner import Learner
from dreambooth.training.optimizers import set_lrs


def set_rates(learner: Learner, step: int) -> dict[str, float]:
    """Give every group its rate of this step, as the schedule has it; returns them by name."""
    schedule, num_steps = learner.config.schedule, learner.num_steps
    return set_lrs(
        learner.optimizer,
        unet=lr_factor(schedule, step, num_steps),
        text=text_lr_factor(schedule, step, num_steps, learner.num_text_steps),
    )


def update(learner: Learner, *, is_finite: bool) -> float:
    """Move the weights, unless the gradient is not finite; returns its norm before clipping."""
    learner.scaler.unscale_(learner.optimizer)
    grad_norm = _clip(learner)
    if is_finite and (math.isfinite(grad_norm) or learner.scaler.is_enabled()):
        learner.scaler.step(learner.optimizer)  # under fp16 it leaves out what overflowed
    if learner.scaler.is_enabled():
        learner.scaler.update()
    if learner.config.adapter != "none" and learner.config.lora.max_norm:
        limit_norms(learner.model, learner.config.lora.max_norm)
    learner.optimizer.zero_grad(set_to_none=True)
    return grad_norm


def _clip(learner: Learner) -> float:
    """Shorten the gradients, of all parts together or of the text encoders apart; returns the norm of all."""
    config = learner.config.optimizer
    if config.text_encoder_max_grad_norm < 0:
        return _clip_to(learner.learning, config.max_grad_norm)
    parts = learner.parameters.items()
    unet = [parameter for part, named in parts if part == "unet" for parameter in named.values()]
    texts = [parameter for part, named in parts if part != "unet" for parameter in named.values()]
    return math.hypot(
        _clip_to(unet, config.max_grad_norm), _clip_to(texts, config.text_encoder_max_grad_norm)
    )


def _clip_to(parameters: Iterable[nn.Parameter], limit: float) -> float:
    """At most so long; 0 does not clip."""
    return float(nn.utils.clip_grad_norm_(parameters, limit or math.inf))
