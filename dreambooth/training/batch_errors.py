"""How far a model is from what it should answer, for each example of a batch."""

from __future__ import annotations

from torch import Tensor

from dreambooth.data.batches import Batch
from dreambooth.training import objective
from dreambooth.training.conditions import batch_conditions
from dreambooth.training.learner import Learner
from dreambooth.training.masked import masked_mean
from dreambooth.training.noising import draw_noised


def batch_errors(learner: Learner, batch: Batch, step: int, number: int) -> Tensor:
    """The error of each example (B,), weighted by timestep where the settings ask for it."""
    model, config = learner.model, learner.config
    noised = draw_noised(learner, batch, (config.seed, step, number))
    with learner.device.autocast():
        conditions = batch_conditions(learner, batch, step, number)
        prediction = model.predict(noised.noisy, noised.timesteps, conditions)
    target = objective.target(noised.latents, noised.noise, noised.kept, model.predicts)
    differences = objective.differences(prediction, target)
    masks = learner.latents.fetch_masks(batch)
    errors = masked_mean(differences.square(), None if masks is None else masks.to(differences.device))
    if config.loss.min_snr_gamma:
        errors = errors * objective.min_snr_weights(noised.kept, config.loss.min_snr_gamma, model.predicts)
    return errors
