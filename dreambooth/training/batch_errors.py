"""How far a model is from what it should answer, for each row of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from dreambooth.config.loss import LossConfig
from dreambooth.config.noise import NUM_TIMESTEPS
from dreambooth.data.batches import Batch
from dreambooth.models.family import Conditions, Prediction
from dreambooth.training import objective
from dreambooth.training.conditions import batch_conditions
from dreambooth.training.device import evaluating
from dreambooth.training.learner import Learner
from dreambooth.training.masked import masked_mean
from dreambooth.training.noising import Noised, draw_noised
from dreambooth.training.rows import Row


def batch_errors(learner: Learner, batch: Batch, rows: Sequence[Row], step: int, number: int) -> Tensor:
    """The loss of each row (R,), weighted by timestep where the settings ask for it; not yet by the row."""
    model, config = learner.model, learner.config.loss
    with learner.device.autocast():
        conditions = batch_conditions(learner, batch, rows, step, number)
    noised = draw_noised(learner, batch, (learner.config.seed, step, number))
    if len(rows) > len(batch.items):
        noised = noised.chosen([row.source for row in rows])
    if config.dream:
        noised = _dream(learner, noised, conditions, rows)
    target = _with_held_answers(learner, noised, conditions, rows)
    with learner.device.autocast():
        prediction = model.predict(noised.noisy, noised.timesteps, conditions)
    losses = objective.element_losses(prediction, target, config.kind, _thresholds(config, noised))
    errors = masked_mean(losses, _masks_of(learner, batch, rows))
    return _weigh(config, errors, noised.kept, model.predicts)


def _masks_of(learner: Learner, batch: Batch, rows: Sequence[Row]) -> Tensor | None:
    """The masks of the rows (R, 1, h, w), if any has one; what is held to an answer is held everywhere."""
    masks = learner.latents.fetch_masks(batch)
    if masks is None:
        return None
    masks = masks[[row.source for row in rows]].to(learner.device.device)
    masks[[place for place, row in enumerate(rows) if row.is_held]] = 1
    return masks


def _dream(learner: Learner, noised: Noised, conditions: Conditions, rows: Sequence[Row]) -> Noised:
    """The noise moved towards the model's own error, but for rows that are held to another answer.

    The answer has an autocast of its own, whose copies of weights would have no gradient afterwards.
    """
    model = learner.model
    with evaluating(*model.parts.values()), learner.device.autocast():
        answer = model.predict(noised.noisy, noised.timesteps, conditions)
    dreamt = noised.with_dream(answer, learner.config.loss.dream_detail_preservation, model.predicts)
    is_held = torch.tensor([row.is_held for row in rows], device=answer.device).reshape(-1, 1, 1, 1)
    return replace(
        dreamt,
        noise=noised.noise.where(is_held, dreamt.noise),
        seen_noise=noised.seen_noise.where(is_held, dreamt.seen_noise),
    )


def _with_held_answers(
    learner: Learner, noised: Noised, conditions: Conditions, rows: Sequence[Row]
) -> Tensor:
    """What each row should be answered: what its picture says, or what the untrained model does."""
    target = noised.target(learner.model.predicts)
    held = [place for place, row in enumerate(rows) if row.is_held]
    if not held or learner.untrained is None:
        return target
    seen = noised.chosen(held)
    with learner.device.autocast():
        told = Conditions(
            text=learner.untrained.encode([rows[place].prompt for place in held]),
            frames=[conditions.frames[place] for place in held],
            hole=None if conditions.hole is None else conditions.hole[held],
        )
        answer = learner.untrained.predict(seen.noisy, seen.timesteps, told)
    return target.index_copy(0, torch.tensor(held, device=target.device), answer.to(target.dtype))


def _thresholds(config: LossConfig, noised: Noised) -> Tensor:
    return objective.huber_thresholds(
        config.huber_schedule, config.huber_c, noised.kept, noised.timesteps, NUM_TIMESTEPS
    )


def _weigh(config: LossConfig, losses: Tensor, kept: Tensor, predicts: Prediction) -> Tensor:
    """Losses (R,) weighted by their timesteps, and none above the greatest that counts."""
    if config.min_snr_gamma:
        losses = losses * objective.min_snr_weights(kept, config.min_snr_gamma, predicts)
    if config.debiased:
        losses = losses * objective.debiased_weights(kept, predicts)
    if config.like_noise:
        losses = losses * objective.like_noise_weights(kept)
    return objective.capped(losses, config.greatest_error) if config.greatest_error else losses
