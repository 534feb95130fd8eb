"""The stable validation loss: fixed pictures, fixed noise, fixed timesteps, so that only the weights differ.

It is the plain mean squared error of the prediction, as in ``measure.py``, whatever loss is trained with:
common random numbers make two measurements comparable to far smaller changes than their own size. Nothing
here uses or moves random numbers of the training, nor keeps anything that the training would find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import Batch, still_item
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.grouping import chunks
from dreambooth.data.holding_out import fixed_sample
from dreambooth.models.family import Conditions
from dreambooth.training.conditions import encode_now, frame_of, training_hole
from dreambooth.training.device import evaluating
from dreambooth.training.learner import Learner
from dreambooth.training.masked import masked_mean
from dreambooth.training.objective import add_noise, differences, kept_at, target
from dreambooth.training.randomness import normal

HELD_OUT, FOLDER = "held_out", "folder"  # names of the sets that are never trained


@dataclass(frozen=True)
class Measured:
    """Mean errors: of all pictures that are not trained, of each set of them, and of trained ones."""

    loss: float | None
    sets: Mapping[str, float]
    train_loss: float | None


def validates(config: TrainConfig) -> bool:
    """Whether there is anything to measure."""
    asked = config.validation
    return bool(asked.fraction or asked.data_dir or asked.stabilise)


def is_validation_due(config: TrainConfig, step: int, num_steps: int, steps_per_epoch: int) -> bool:
    """Whether it is measured after so many steps: of 0, of all, and when it is asked for."""
    asked = config.validation
    if not validates(config):
        return False
    by_steps = asked.every_steps and step % asked.every_steps == 0
    by_epochs = asked.every_epochs and step % (asked.every_epochs * steps_per_epoch) == 0
    return bool(step in (0, num_steps) or by_steps or by_epochs)


def measure(learner: Learner, dataset: Dataset) -> Measured:
    """The errors of the model as it is now."""
    asked = learner.config.validation
    sets = {HELD_OUT: dataset.held_out, FOLDER: dataset.validation}
    errors = {name: _errors(learner, held) for name, held in sets.items() if held}
    taught = [example for example in dataset.instances if not example.is_prior]
    trained = _errors(learner, taught) if asked.stabilise else []
    everything = [error for held in errors.values() for error in held]
    return Measured(
        loss=_mean(everything) if everything else None,
        sets={name: _mean(held) for name, held in errors.items()},
        train_loss=_mean(trained) if trained else None,
    )


def _errors(learner: Learner, examples: Sequence[Example]) -> list[float]:
    """The error of each picture, of at most so many as the settings allow."""
    asked = learner.config.validation
    chosen = fixed_sample(examples, lambda example: example.content_hash, asked.max_images, asked.seed)
    model = learner.model
    with evaluating(*model.parts.values(), model.vae):
        return [_error(learner, example) for example in chosen]


def _error(learner: Learner, example: Example) -> float:
    """The mean error of a picture over all levels of noise, no more of them together than a batch holds."""
    levels = timesteps_of(learner.config.validation.noise_levels, len(learner.model.alphas_cumprod))
    together = chunks(levels, learner.config.data.batch_size)
    errors = [_level_errors(learner, example, some) for some in together]
    return float(torch.cat(errors).mean())


def timesteps_of(num_levels: int, num_timesteps: int) -> list[int]:
    """The middles of so many equal parts of all timesteps.

    >>> timesteps_of(4, 1000)
    [125, 375, 625, 875]
    """
    return [int((level + 0.5) * num_timesteps / num_levels) for level in range(num_levels)]


def _level_errors(learner: Learner, example: Example, levels: Sequence[int]) -> Tensor:
    """The error at each level (T,), on the CPU."""
    model, device = learner.model, learner.device.device
    batch = Batch((still_item(example, learner.config),) * len(levels))
    mean, _ = learner.latents.fetch(batch)  # (T, c, h, w)
    where = (learner.config.validation.seed, "validation", example.content_hash)
    noise = torch.cat([normal(mean[:1].shape, *where, level) for level in levels])
    timesteps = torch.tensor(levels)
    latents, noise, timesteps = (each.to(device) for each in (mean, noise, timesteps))
    kept = kept_at(model.alphas_cumprod, timesteps, latents)
    hole = training_hole(model, learner.latents, batch, where) if model.inpaints else None
    with learner.device.autocast():
        conditions = Conditions(
            text=encode_now(learner, [item.prompt for item in batch.items]),
            frames=[frame_of(item) for item in batch.items],
            hole=None if hole is None else hole.to(device),
        )
        prediction = model.predict(add_noise(latents, noise, kept), timesteps, conditions)
    masks = learner.latents.fetch_masks(batch)
    wrong = differences(prediction, target(latents, noise, kept, model.predicts)).square()
    return masked_mean(wrong, None if masks is None else masks.to(device)).cpu()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
