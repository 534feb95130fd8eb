"""A training run: a list of paragraphs over optimizer steps; it can be stopped after any, and resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

from dreambooth.config.folders import RunFolder
from dreambooth.config.live import Change, load_changes, save_changes, with_change, with_live_values
from dreambooth.config.store import ConfigError
from dreambooth.data.batches import Step, iterate_steps, steps_per_epoch
from dreambooth.data.examples import Dataset
from dreambooth.events import EventWriter
from dreambooth.models.errors import NoSpace
from dreambooth.models.export import Average
from dreambooth.training.due import Moment, is_due
from dreambooth.training.ema import build_average
from dreambooth.training.errors import TrainingFailed
from dreambooth.training.groups import learning_groups
from dreambooth.training.hearing import Ears, Heard
from dreambooth.training.learner import Learner, load_named_weights, named_weights
from dreambooth.training.optimizer_state import load_optimizer, optimizer_to_tensors
from dreambooth.training.optimizers import set_base_lrs
from dreambooth.training.shown import shown_weights
from dreambooth.training.state import Snapshot, load_snapshot, save_snapshot
from dreambooth.training.step import StepReport, train_step
from dreambooth.training.validation import is_validation_due

MAX_BAD_STEPS = 3

Shown = Literal["average", "trained"]
Outcome = Literal["done", "stopped", "paused", "discarded"]


@dataclass(frozen=True)
class Outlets:
    """What a run calls when something is due, with the number of steps done, or with what is asked for."""

    say_step: Callable[[int, StepReport, float], None]  # steps done, report, seconds
    save: Callable[[int], None]  # checkpoint
    sample: Callable[[int], None]
    draw: Callable[[str], None]  # as the request has it
    validate: Callable[[int], None] = lambda _: None
    rest: Callable[[float], None] = time.sleep  # so many seconds, or until the run is asked to end


@dataclass(frozen=True)
class Before:
    """What the model's earlier trainings came to."""

    steps: int = 0
    epochs: int = 0


def _nothing(*_: object) -> None:
    pass


SILENT = Outlets(_nothing, _nothing, _nothing, _nothing, _nothing)  # of processes that only compute


class Run:
    """A learner on its way through the steps."""

    def __init__(
        self,
        folder: RunFolder,
        learner: Learner,
        dataset: Dataset,
        events: EventWriter,
        outlets: Outlets,
        before: Before = Before(),
    ) -> None:
        self.folder = folder
        self.learner = learner
        self.dataset = dataset
        self.events = events
        self.outlets = outlets
        self.step = 0
        self.num_bad_steps = 0
        self.ema = build_average(learner.config.ema, learner.parameters, learner.device.device)
        self.steps_per_epoch = steps_per_epoch(dataset, learner.config)
        self.before = before
        self.processes = learner.processes
        self.changes: list[Change] = []
        self.ears = Ears(folder)

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
        """The model with its averaged weights, where an average is kept."""
        return self.ema.applied() if self.ema else shown_weights(self.learner.optimizer)

    def shown(self) -> list[Shown]:
        """Which weights draw what people want to see, the first before all."""
        show = self.learner.config.ema.show
        if self.ema is None or show == "average":
            return ["average"]
        return ["trained"] if show == "trained" else ["average", "trained"]

    def with_shown(self, shown: Shown) -> AbstractContextManager[None]:
        """The model with these weights."""
        return self.with_average() if shown == "average" else nullcontext()

    def resume(self) -> None:
        """Go on from the run's state; from the beginning when it was ended before its first state."""
        self.changes = self.processes.hear_first(load_changes(self.folder) if self.processes.is_first else [])
        snapshot = load_snapshot(self.folder)
        if snapshot is not None:
            self._go_on_from(snapshot)
        for change in self.changes:
            if change.step <= self.step:
                self._apply(change.values)
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

    def save_state(self) -> bool:
        """Write everything that is needed to go on, which is the same in all processes.

        False when the disk is full; the last state stays.
        """
        if not self.processes.is_first:
            return True
        optimizer_tensors, optimizer_values = optimizer_to_tensors(self.learner.optimizer)
        tensors = {"weights": named_weights(self.learner.parameters), "optimizer": optimizer_tensors}
        if self.ema:
            tensors["ema"] = {f"{index:05d}": average for index, average in enumerate(self.ema.average)}
        values = {
            "optimizer_values": optimizer_values,
            "scaler": self.learner.scaler.state_dict(),
            "num_bad_steps": self.num_bad_steps,
        }
        try:
            save_snapshot(self.folder, Snapshot(self.step, tensors, values))
        except NoSpace as error:
            told = f"step {self.step}: {error}; the last state stays, and training goes on: make room"
            self.events.write("warning", message=told)
            return False
        self.events.write("state", step=self.step)
        return True

    def train(self) -> Outcome:
        """Take the remaining steps; the last state is written, unless it is not wanted."""
        steps = iterate_steps(self.dataset, self.learner.config, self.step)
        stops_after_epoch = False
        if self.step == 0:
            self._validate_if_due()
        while self.step < self.learner.num_steps:
            self._take_step(next(steps))
            self._validate_if_due()
            self._rest_if_due()
            heard = self._hear()
            self._take_changes(heard)
            self._save_if_due(heard)
            self._sample_if_due(heard)
            if heard.drawing is not None:
                self.outlets.draw(heard.drawing)
            stops_after_epoch |= "stop_after_epoch" in heard.requests
            if "discard" in heard.requests:
                return "discarded"
            if "stop" in heard.requests or (stops_after_epoch and self.step % self.steps_per_epoch == 0):
                self.save_state()
                return "done" if self.step == self.learner.num_steps else "stopped"
            if "pause" in heard.requests and self.processes.hear_first(self.save_state()):
                return "paused"
        self.save_state()
        return "done"

    def _hear(self) -> Heard:
        """Everything that does not follow from the step alone; the first process takes it, and all do it."""
        return self.processes.hear_first(
            self.ears.take(self.learner.config) if self.processes.is_first else Heard()
        )

    def _take_step(self, batches: Step) -> None:
        started = time.monotonic()
        report = train_step(self.learner, batches, self.step)
        self.step += 1
        every = self.learner.config.ema.update_every
        if report.is_finite and self.ema and self.step % every == 0:
            self.ema.update(self.step // every - 1)
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

    def _take_changes(self, heard: Heard) -> None:
        """Settings that change from here on: asked for now, or before the run went back to a state."""
        for change in self.changes:
            if change.step == self.step:
                self._apply(change.values)
        if not heard.change:
            return
        try:
            self._apply(heard.change)
        except ConfigError as error:
            told = "; ".join(str(error).splitlines())
            self.events.write("warning", message=f"the settings stay as they are: {told}")
            return
        self.changes = with_change(self.changes, Change(self.step, heard.change))
        if self.processes.is_first:
            save_changes(self.folder, self.changes)
        self.events.write("changed", step=self.step, values=heard.change)

    def _validate_if_due(self) -> None:
        """Before anything is saved, so that a resumed run measures again what it had not saved."""
        config, num_steps = self.learner.config, self.learner.num_steps
        if is_validation_due(config, self.step, num_steps, self.steps_per_epoch):
            self.outlets.validate(self.step)

    def _apply(self, values: Mapping[str, Any]) -> None:
        self.learner = replace(self.learner, config=with_live_values(self.learner.config, values))
        groups = learning_groups(self.learner.config, self.learner.model, self.learner.parameters)
        set_base_lrs(self.learner.optimizer, groups)

    def _rest_if_due(self) -> None:
        duration = self.learner.config.duration
        is_due_now = is_due(0, duration.pause_every_epochs, self._now()) and not self._is_over()
        if is_due_now and self.processes.is_first:  # the others wait to hear from it
            self.events.write("resting", step=self.step, seconds=duration.pause_seconds)
            self.outlets.rest(duration.pause_seconds)

    def _now(self, *, over_lifetime: bool = False) -> Moment:
        before = self.before if over_lifetime else Before()
        return Moment(
            step=self.step,
            steps_per_epoch=self.steps_per_epoch,
            steps_before=before.steps,
            epochs_before=before.epochs,
        )

    def _is_due(self, every_steps: int, every_epochs: int) -> bool:
        now = self._now(over_lifetime=self.learner.config.saving.count_lifetime)
        return is_due(every_steps, every_epochs, now) and not self._is_over()

    def _is_over(self) -> bool:
        """Whether this is the last step: the end has its own settings."""
        return self.step == self.learner.num_steps

    def _save_if_due(self, heard: Heard) -> None:
        saving = self.learner.config.saving
        is_due_now = self._is_due(saving.save_every_steps, saving.save_every_epochs)
        is_due_now |= "save" in heard.by_clock and not self._is_over()
        is_due_now &= self.num_epochs >= saving.save_from_epoch
        saves = "save" in heard.requests or is_due_now
        writes = "save" in heard.requests or (is_due_now and saving.during != "nothing")
        if saves or (is_due(saving.state_every_steps, 0, self._now()) and not self._is_over()):
            self.save_state()
        if saves:
            self.ears.restart("save")
        if writes:
            self.outlets.save(self.step)

    def _sample_if_due(self, heard: Heard) -> None:
        samples = self.learner.config.samples
        is_due_now = self._is_due(samples.sample_every_steps, samples.sample_every_epochs)
        is_due_now |= "sample" in heard.by_clock and not self._is_over()
        if "sample" in heard.requests or is_due_now:
            self.ears.restart("sample")
            self.outlets.sample(self.step)
