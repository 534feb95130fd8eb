"""One optimizer step: the losses of all rows, their weighted mean, one update."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from dreambooth.data.batches import Step
from dreambooth.training.batch_errors import batch_errors
from dreambooth.training.learner import Learner
from dreambooth.training.objective import weighted_losses
from dreambooth.training.randomness import derive_seed
from dreambooth.training.rows import build_rows
from dreambooth.training.updating import set_rates, update


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """What a step has to tell; losses are means over what it saw, without the weights of examples."""

    loss: float  # the weighted mean that was minimised
    instance_loss: float | None  # None where only pictures were seen that preserve what the model knows
    prior_loss: float | None
    concept_losses: Mapping[int, float]
    lrs: Mapping[str, float]
    grad_norm: float
    num_images: int

    @property
    def is_finite(self) -> bool:
        """Whether the step could be taken; otherwise the weights are as they were."""
        return math.isfinite(self.loss)


def _backward(
    learner: Learner, batches: Step, num_rows: int, step: int
) -> tuple[float, list[tuple[int, bool, float]]]:
    """Gradients of the weighted mean; the loss, and (concept, is prior, unweighted loss) of each row.

    ``num_rows`` are those of the whole step, of which other processes may compute a share.
    """
    config = learner.config
    total = 0.0
    told: list[tuple[int, bool, float]] = []
    for number, batch in enumerate(batches):
        if not batch.items:
            continue  # other processes have all of it
        rows = build_rows(config, batch, step / learner.num_steps)
        losses = batch_errors(learner, batch, rows, step, number)
        weights = torch.tensor([row.weight for row in rows], device=losses.device)
        loss = weighted_losses(losses, weights, config.loss.contrastive_margin).sum() / num_rows
        learner.scaler.scale(loss).backward()
        total += loss.item()
        for row, value in zip(rows, losses.tolist(), strict=True):
            told.append((batch.items[row.source].example.concept, row.is_prior, value))
    return total, told


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def train_step(learner: Learner, batches: Step, step: int) -> StepReport:
    """Take optimizer step number ``step`` (from 0); on the same weights it gives the same result."""
    config, processes = learner.config, learner.processes
    torch.manual_seed(derive_seed(config.seed, step, "dropout", *processes.seed_parts))
    lrs = set_rates(learner, step)
    if step == learner.num_text_steps:
        for part in learner.model.text_parts:
            learner.model.parts[part].requires_grad_(requires_grad=False)
    num_rows = sum(len(build_rows(config, batch, step / learner.num_steps)) for batch in batches)
    shares = processes.gather(_backward(learner, processes.share_of(batches), num_rows, step))
    loss = sum(share for share, _ in shares)
    told = [each for _, share in shares for each in share]
    processes.add_gradients(learner.learning)
    if processes.count > 1:
        torch.manual_seed(derive_seed(config.seed, step, "update"))  # as some optimizers round by chance
    grad_norm = update(learner, is_finite=math.isfinite(loss))
    by_concept: dict[int, list[float]] = defaultdict(list)
    for concept, is_prior, error in told:
        if not is_prior:
            by_concept[concept].append(error)
    prior = [error for _, is_prior, error in told if is_prior]
    taught = [error for _, is_prior, error in told if not is_prior]
    return StepReport(
        loss=loss if math.isfinite(grad_norm) or learner.scaler.is_enabled() else math.nan,
        instance_loss=_mean(taught) if taught else None,
        prior_loss=_mean(prior) if prior else None,
        concept_losses={concept: _mean(errors) for concept, errors in by_concept.items()},
        lrs=lrs,
        grad_norm=grad_norm,
        num_images=sum(len(batch.items) for batch in batches),
    )
