"""A training run: a list of paragraphs over optimizer steps; it can be stopped after any, and resumed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

from dreambooth.config.folders import RunFolder
from dreambooth.data.batches import Step, iterate_steps, steps_per_epoch
from dreambooth.data.examples import Dataset
from dreambooth.events import EventWriter, Request, take_drawing, take_requests
from dreambooth.models.export import Average
from dreambooth.training.ema import Ema
from dreambooth.training.errors import TrainingFailed
from dreambooth.training.learner import Learner, load_named_weights, named_weights
from dreambooth.training.optimizer_state import load_optimizer, optimizer_to_tensors
from dreambooth.training.shown import shown_weights
from dreambooth.training.state import Snapshot, load_snapshot, save_snapshot
from dreambooth.training.step import StepReport, train_step
from dreambooth.training.validation import is_validation_due

MAX_BAD_STEPS = 3

Outcome = Literal["done", "stopped", "discarded"]


@dataclass(frozen=True)
class Outlets:
    """What a run calls when something is due, with the number of steps done, or with what is asked for."""

    say_step: Callable[[int, StepReport, float], None]  # steps done, report, seconds
    save: Callable[[int], None]  # checkpoint
    sample: Callable[[int], None]
    draw: Callable[[str], None]  # as the request has it
    validate: Callable[[int], None] = lambda _: None


def _nothing(*_: object) -> None:
    pass


SILENT = Outlets(_nothing, _nothing, _nothing, _nothing)  # of processes that only compute


class Run:
    """A learner on its way through the steps."""

    def __init__(
        self, folder: RunFolder, learner: Learner, dataset: Dataset, events: EventWriter, outlets: Outlets
    ) -> None:
        self.folder = folder
        self.learner = learner
        self.dataset = dataset
        self.events = events
        self.outlets = outlets
        self.step = 0
        self.num_bad_steps = 0
        unet = list(learner.parameters.get("unet", {}).values())
        config = learner.config.ema
        self.ema = Ema(unet, config.decay) if config.enabled else None
        self.steps_per_epoch = steps_per_epoch(dataset, learner.config)
        self.processes = learner.processes

    @property
    def num_epochs(self) -> int:
        """Whole epochs done."""
        return self.step // self.steps_per_epoch

    @property
    def average(self) -> Average | None:
        """The U-Net's averaged weights, where results are to hold them beside the main ones; else None."""
        config = self.learner.config.ema
        if self.ema is None or config.placement == "main":
            return None
        weights = dict(self.learner.model.parts["unet"].state_dict())
        weights |= zip(self.learner.parameters["unet"], self.ema.average, strict=True)
        return Average(weights, config.decay, self.step)

    def with_main_weights(self) -> AbstractContextManager[None]:
        """The model with the weights that results hold in the first place."""
        return nullcontext() if self.average is not None else self.with_average()

    def with_average(self) -> AbstractContextManager[None]:
        """The model with its averaged weights, where an average is kept: what is shown."""
        return self.ema.applied() if self.ema else shown_weights(self.learner.optimizer)

    def resume(self) -> None:
        """Go on from the run's state; from the beginning when it was ended before its first state."""
        snapshot = load_snapshot(self.folder)
        if snapshot is not None:
            self._go_on_from(snapshot)
        self.processes.take_from_first(self.learner.learning)  # of other machines, others may round otherwise

    def _go_on_from(self, snapshot: Snapshot) -> None:
        load_named_weights(self.learner.parameters, snapshot.tensors["weights"])
        load_optimizer(
            self.learner.optimizer, snapshot.tensors["optimizer"], snapshot.values["optimizer_values"]
        )
        if self.ema:
            for average, saved in zip(self.ema.average, snapshot.tensors["ema"].values(), strict=True):
                average.copy_(saved)
        self.learner.scaler.load_state_dict(snapshot.values["scaler"])
        self.step = snapshot.step
        self.num_bad_steps = snapshot.values["num_bad_steps"]

    def save_state(self) -> None:
        """Write everything that is needed to go on, which is the same in all processes."""
        if not self.processes.is_first:
            return
        optimizer_tensors, optimizer_values = optimizer_to_tensors(self.learner.optimizer)
        tensors = {"weights": named_weights(self.learner.parameters), "optimizer": optimizer_tensors}
        if self.ema:
            tensors["ema"] = {f"{index:05d}": average for index, average in enumerate(self.ema.average)}
        values = {
            "optimizer_values": optimizer_values,
            "scaler": self.learner.scaler.state_dict(),
            "num_bad_steps": self.num_bad_steps,
        }
        save_snapshot(self.folder, Snapshot(self.step, tensors, values))
        self.events.write("state", step=self.step)

    def train(self) -> Outcome:
        """Take the remaining steps; the last state is written, unless it is not wanted."""
        steps = iterate_steps(self.dataset, self.learner.config, self.step)
        stops_after_epoch = False
        if self.step == 0:
            self._validate_if_due()
        while self.step < self.learner.num_steps:
            self._take_step(next(steps))
            self._validate_if_due()
            requests = self._hear()
            self._save_if_due(requests)
            self._sample_if_due(requests)
            self._draw_if_asked()
            stops_after_epoch |= "stop_after_epoch" in requests
            if "discard" in requests:
                return "discarded"
            if "stop" in requests or (stops_after_epoch and self.step % self.steps_per_epoch == 0):
                self.save_state()
                return "done" if self.step == self.learner.num_steps else "stopped"
        self.save_state()
        return "done"

    def _hear(self) -> list[Request]:
        """What is asked now; the first process takes it, and all do it."""
        return self.processes.hear_first(take_requests(self.folder) if self.processes.is_first else [])

    def _take_step(self, batches: Step) -> None:
        started = time.monotonic()
        report = train_step(self.learner, batches, self.step)
        if report.is_finite and self.ema:
            self.ema.update(self.step)
        self.step += 1
        self.outlets.say_step(self.step, report, time.monotonic() - started)
        self._count_bad_steps(report)

    def _count_bad_steps(self, report: StepReport) -> None:
        self.num_bad_steps = 0 if report.is_finite else self.num_bad_steps + 1
        if self.num_bad_steps:
            told = f"step {self.step}: the loss is not a number; the step was left out"
            self.events.write("warning", message=told)
        if self.num_bad_steps == MAX_BAD_STEPS:
            raise TrainingFailed(
                f"step {self.step}: the loss was not a number in {MAX_BAD_STEPS} steps in a row; the last "
                "good state is kept. Go on with lower learning rates, or another precision: --resume --set"
            )

    def _is_due(self, every_steps: int, every_epochs: int) -> bool:
        if self.step == self.learner.num_steps:
            return False  # the end has its own settings
        by_steps = every_steps and self.step % every_steps == 0
        by_epochs = every_epochs and self.step % (every_epochs * self.steps_per_epoch) == 0
        return bool(by_steps or by_epochs)

    def _validate_if_due(self) -> None:
        """Before anything is saved, so that a resumed run measures again what it had not saved."""
        config, num_steps = self.learner.config, self.learner.num_steps
        if is_validation_due(config, self.step, num_steps, self.steps_per_epoch):
            self.outlets.validate(self.step)

    def _save_if_due(self, requests: list[Request]) -> None:
        saving = self.learner.config.saving
        saves = "save" in requests or self._is_due(saving.save_every_steps, saving.save_every_epochs)
        if saves or self._is_due(saving.state_every_steps, 0):
            self.save_state()
        if saves:
            self.outlets.save(self.step)

    def _sample_if_due(self, requests: list[Request]) -> None:
        samples = self.learner.config.samples
        if "sample" in requests or self._is_due(samples.sample_every_steps, samples.sample_every_epochs):
            self.outlets.sample(self.step)

    def _draw_if_asked(self) -> None:
        drawing = take_drawing(self.folder) if self.processes.is_first else None
        if drawing is not None:
            self.outlets.draw(drawing)
