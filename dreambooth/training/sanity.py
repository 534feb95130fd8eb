"""Whether a model answers as one that predicts what it is said to predict."""

from __future__ import annotations

from typing import get_args

import torch

from dreambooth.data.batches import Batch
from dreambooth.models.family import Prediction
from dreambooth.training import objective
from dreambooth.training.conditions import batch_conditions
from dreambooth.training.device import evaluating
from dreambooth.training.learner import Learner
from dreambooth.training.randomness import normal
from dreambooth.training.rows import plain_rows

TELLING_TIMESTEP = 500  # earlier noise and velocity are alike, later no model knows the picture
MOST_OF_INTACT = 0.5  # an intact model's error there stays well below, whichever it predicts
LEAST_RATIO = 2.0


def find_misreading(learner: Learner, batch: Batch) -> Prediction | None:
    """What the model seems to predict on a batch, when that is not what it is read as; nothing is changed.

    A model that is read as the other kind errs by about (1 - sqrt(kept))² + 1 - kept, 0.9 at this timestep.
    """
    model = learner.model
    device = learner.device.device
    with evaluating(*model.parts.values()):
        latents = learner.latents.fetch(batch)[0].to(device)
        noise = normal(latents.shape, "sanity").to(device)
        timesteps = torch.full((len(latents),), TELLING_TIMESTEP, device=device)
        kept = objective.kept_at(model.alphas_cumprod, timesteps, latents)
        with learner.device.autocast():
            noisy_latents = objective.add_noise(latents, noise, kept)
            conditions = batch_conditions(learner, batch, plain_rows(batch), step=0, number=0)
            answer = model.predict(noisy_latents, timesteps, conditions)
    errors = {
        predicts: float(objective.squared_errors(answer, target).mean())
        for predicts in get_args(Prediction)
        for target in [objective.target(latents, noise, kept, predicts)]
    }
    other: Prediction = "epsilon" if model.predicts == "v_prediction" else "v_prediction"
    is_bad = errors[model.predicts] > MOST_OF_INTACT
    return other if is_bad and errors[model.predicts] > LEAST_RATIO * errors[other] else None
