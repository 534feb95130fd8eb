"""Tells of the validation loss: an event for the interfaces, points on curves for TensorBoard."""

from __future__ import annotations

from torch.utils.tensorboard import SummaryWriter

from dreambooth.tasks.job import Job
from dreambooth.training.run import Run
from dreambooth.training.validation import measure


def tell_validation(job: Job, run: Run, board: SummaryWriter, step: int) -> None:
    """Measure with the weights that previews show: the averaged ones, unless others are asked for."""
    lifetime = job.asked["lifetime_before"]["steps"] + step
    with run.with_shown(run.shown()[0]):
        found = measure(run.learner, run.dataset)
    job.events.write(
        "validation",
        step=step,
        lifetime_step=lifetime,
        loss=found.loss,
        sets=dict(found.sets),
        train_loss=found.train_loss,
    )
    curves = {
        "loss/validation": found.loss,
        **{f"loss/validation_{name}": loss for name, loss in found.sets.items()},
        "loss/validation_trained": found.train_loss,
    }
    for name, value in curves.items():
        if value is not None:
            board.add_scalar(name, value, lifetime)
