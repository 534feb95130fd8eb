"""One optimizer step: encode, add noise, predict, compare, update."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import torch
from torch import Tensor, nn

from dreambooth.adapters.lora import limit_norms
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import Batch, Step
from dreambooth.data.latents import LatentSource
from dreambooth.models.family import Conditions, Model, TextStates
from dreambooth.training import objective
from dreambooth.training.conditions import frame_of, training_hole
from dreambooth.training.device import Device, evaluating
from dreambooth.training.optimizers import set_lrs
from dreambooth.training.processes import ALONE, Processes
from dreambooth.training.randomness import derive_seed, generator_of, normal, own_rows
from dreambooth.training.schedules import lr_factor


@dataclass(frozen=True)
class Learner:
    """A model together with everything that a step needs to improve it."""

    config: TrainConfig
    model: Model
    device: Device
    latents: LatentSource
    parameters: Mapping[str, Mapping[str, nn.Parameter]]  # part → name → what learns
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    num_steps: int
    frozen_states: dict[str, TextStates] = field(
        default_factory=dict
    )  # by caption, while no text encoder learns
    processes: Processes = ALONE

    @property
    def num_text_steps(self) -> int:
        """How many steps, from the first, train the text encoder."""
        return math.ceil(self.config.parts.text_encoder_fraction * self.num_steps)

    @property
    def learning(self) -> list[nn.Parameter]:
        """Everything that learns, in a fixed order."""
        return [parameter for named in self.parameters.values() for parameter in named.values()]


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """What a step has to tell; losses are means of the unweighted errors of the examples it saw."""

    loss: float  # the weighted mean that was minimised
    instance_loss: float
    prior_loss: float | None
    concept_losses: Mapping[int, float]
    lrs: Mapping[str, float]
    grad_norm: float
    num_images: int

    @property
    def is_finite(self) -> bool:
        """Whether the step could be taken; otherwise the weights are as they were."""
        return math.isfinite(self.loss)


def _encode_captions(learner: Learner, captions: Sequence[str], step: int) -> TextStates:
    """Text states; kept once the text encoder no longer learns.

    Kept captions are encoded one by one: the last bits depend on the batch, and a resumed run meets the
    captions in other batches than the run it continues.
    """
    if step < learner.num_text_steps:
        return learner.model.encode_captions(captions)
    with evaluating(*(learner.model.parts[part] for part in learner.model.text_parts)):  # dropout would stay
        for caption in captions:
            if caption not in learner.frozen_states:
                learner.frozen_states[caption] = learner.model.encode_captions([caption])
    return learner.model.join_states([learner.frozen_states[caption] for caption in captions])


def batch_conditions(learner: Learner, batch: Batch, step: int, number: int) -> Conditions:
    """What the U-Net is told of a batch."""
    model, where = learner.model, (learner.config.seed, step, number)
    hole = training_hole(model, learner.latents, batch, where) if model.inpaints else None
    return Conditions(
        text=_encode_captions(learner, [item.prompt for item in batch.items], step),
        frames=[frame_of(item) for item in batch.items],
        hole=None if hole is None else hole.to(learner.device.device),
    )


def _draw_noise(config: TrainConfig, shape: torch.Size, where: tuple[object, ...]) -> Tensor:
    """Noise (B, c, h, w) of a batch, from ``where`` = (seed, step, number of the batch)."""
    noise = normal(shape, *where, "noise")
    if config.noise.offset_noise:
        offset = normal((*shape[:2], 1, 1), *where, "offset")
        noise = objective.with_offset(noise, offset, config.noise.offset_noise)
    return noise


def batch_errors(learner: Learner, batch: Batch, step: int, number: int) -> Tensor:
    """The error of each example (B,), weighted by timestep where the settings ask for it."""
    model, config = learner.model, learner.config
    where = (config.seed, step, number)
    mean, std = learner.latents.fetch(batch)  # (B, c, h, w)
    whole = torch.Size((batch.num_whole, *mean.shape[1:]))
    latents = mean + std * own_rows(batch, normal(whole, *where, "latents"))
    noise = own_rows(batch, _draw_noise(config, whole, where))
    timesteps = torch.randint(
        len(model.alphas_cumprod), (batch.num_whole,), generator=generator_of(*where, "timesteps")
    )
    timesteps = own_rows(batch, timesteps)
    latents, noise, timesteps = (t.to(learner.device.device) for t in (latents, noise, timesteps))
    kept = objective.kept_at(model.alphas_cumprod, timesteps, latents)
    with learner.device.autocast():
        conditions = batch_conditions(learner, batch, step, number)
        noisy_latents = objective.add_noise(latents, noise, kept)
        prediction = model.predict(noisy_latents, timesteps, conditions)
    errors = objective.squared_errors(prediction, objective.target(latents, noise, kept, model.predicts))
    if config.loss.min_snr_gamma:
        errors = errors * objective.min_snr_weights(kept, config.loss.min_snr_gamma, model.predicts)
    return errors


def _backward(learner: Learner, batches: Step, step: int) -> tuple[float, list[tuple[int, bool, float]]]:
    """Gradients of the weighted mean; the loss, and (concept, is class image, error) of each example."""
    num_examples = sum(batch.num_whole for batch in batches)
    total = 0.0
    told: list[tuple[int, bool, float]] = []
    for number, batch in enumerate(batches):
        if not batch.items:
            continue  # other processes have all of it
        errors = batch_errors(learner, batch, step, number)
        weights = torch.tensor([item.example.loss_weight for item in batch.items], device=errors.device)
        loss = (errors * weights).sum() / num_examples
        learner.scaler.scale(loss).backward()
        total += loss.item()
        examples = (item.example for item in batch.items)
        told += [(e.concept, e.is_class, value) for e, value in zip(examples, errors.tolist(), strict=True)]
    return total, told


def _update(learner: Learner, *, is_finite: bool) -> float:
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


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def train_step(learner: Learner, batches: Step, step: int) -> StepReport:
    """Take optimizer step number ``step`` (from 0); on the same weights it gives the same result."""
    config, processes = learner.config, learner.processes
    torch.manual_seed(derive_seed(config.seed, step, "dropout", *processes.seed_parts))
    lrs = set_lrs(learner.optimizer, lr_factor(config.schedule, step, learner.num_steps))
    if step == learner.num_text_steps:
        for part in learner.model.text_parts:
            learner.model.parts[part].requires_grad_(requires_grad=False)
    losses, shares = zip(
        *processes.gather(_backward(learner, processes.share_of(batches), step)), strict=True
    )
    loss, told = sum(losses), list(chain.from_iterable(shares))
    processes.add_gradients(learner.learning)
    grad_norm = _update(learner, is_finite=math.isfinite(loss))
    by_concept: dict[int, list[float]] = defaultdict(list)
    for concept, is_class, error in told:
        if not is_class:
            by_concept[concept].append(error)
    prior = [error for _, is_class, error in told if is_class]
    return StepReport(
        loss=loss if math.isfinite(grad_norm) or learner.scaler.is_enabled() else math.nan,
        instance_loss=_mean([error for _, is_class, error in told if not is_class]),
        prior_loss=_mean(prior) if prior else None,
        concept_losses={concept: _mean(errors) for concept, errors in by_concept.items()},
        lrs=lrs,
        grad_norm=grad_norm,
        num_images=len(told),
    )
