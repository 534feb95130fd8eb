"""What a run has told so far, put together from its events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from dreambooth.events import Event
from dreambooth.jobs.curves import Curves
from dreambooth.jobs.means import Means
from dreambooth.jobs.sparse_events import SPIKE

NUMBERS = (
    "loss",
    "instance_loss",
    "prior_loss",
    "grad_norm",
    "memory_bytes",
    "ram_bytes",
    "images_per_second",
)
WITH_GAPS = ("loss", "grad_norm")  # null: not a number; of the others: nothing of the kind in this step
BY_NAME = ("concept_losses", "lr")
WARNINGS_KEPT = 10
CLASS_IMAGES_KEPT = 12
PACE_STEPS = 20


class RunStory:
    """A run as its events tell it; ``model_folder`` is where their paths begin."""

    def __init__(self, asked: Mapping[str, Any], model_folder: Path, generation: int) -> None:
        before = asked.get("lifetime_before", {})
        self.job: str = asked["job"]
        self.steps_before: int = before.get("steps", 0)
        self.epochs_before: int = before.get("epochs", 0)
        self.model_folder = model_folder
        self.curves = Curves(generation)
        self.means = Means()
        self.worker: Event | None = None  # the last that began
        self.end: Event | None = None
        self.waiting: Event | None = None  # what it waits for
        self.is_training = False  # the worker that is at work has begun with the steps
        self.progress: dict[str, Any] | None = None
        self.start: Event | None = None
        self.last_step: Event | None = None
        self.warnings: deque[dict[str, Any]] = deque(maxlen=WARNINGS_KEPT)
        self.samples: list[dict[str, Any]] = []
        self.checkpoints: list[dict[str, Any]] = []
        self.num_class_images = 0
        self.class_images: deque[str] = deque(maxlen=CLASS_IMAGES_KEPT)
        self.summary: str | None = None
        self.rest_seconds = 0  # of the rest that it takes now
        self.validations: dict[int, float] = {}  # step of the run → loss
        self.judged: dict[int, dict[str, Any]] = {}  # step of the run → what was seen at its save
        self.changes: list[dict[str, Any]] = []
        self._pace: deque[tuple[int, float]] = deque(maxlen=PACE_STEPS + 1)  # step, time

    def take(self, event: Event) -> None:
        """The next event; of kinds that are not known, or without what they should tell, nothing is taken."""
        take = _TAKERS.get(event["event"])
        if take is None:
            return
        try:
            take(self, event)
        except (KeyError, TypeError):
            return

    @property
    def step(self) -> int | None:
        """Steps done in this run."""
        told = self.last_step or self.start
        return told["step"] if told else None

    @property
    def num_steps(self) -> int | None:
        """Steps that this run is to take."""
        told = self.last_step or self.start
        return told["num_steps"] if told else None

    @property
    def steps_per_second(self) -> float | None:
        """By the median of the last steps; saving and sampling between them do not count."""
        steps = list(self._pace)
        paces = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(steps)]
        return 1 / median(paces) if paces and median(paces) > 0 else None

    def _begin(self, event: Event) -> None:
        self.worker, self.end, self.progress = event, None, None
        self.waiting, self.is_training = None, False

    def _wait(self, event: Event) -> None:
        self.waiting = event

    def _stop_waiting(self, _: Event) -> None:
        self.waiting = None

    def _take_progress(self, event: Event) -> None:
        self.progress = {name: event[name] for name in ("what", "done", "total")}

    def _take_warning(self, event: Event) -> None:
        self.warnings.append({"time": event["time"], "message": event["message"]})

    def _take_class_image(self, event: Event) -> None:
        self.num_class_images += 1
        self.class_images.append(self._absolute(event["path"]))

    def _take_summary(self, event: Event) -> None:
        self.summary = self._absolute(event["path"])

    def _start(self, event: Event) -> None:
        """Steps after the one that training goes on from will be told again."""
        self.start, self.last_step, self.progress = event, None, None
        self.is_training = True
        self._pace.clear()
        self._take_back(self.steps_before + event["step"] + 1)
        self.samples = self._still_true(self.samples, event["step"])
        self.checkpoints = self._still_true(self.checkpoints, event["step"])
        self.rest_seconds = 0
        for told in (self.validations, self.judged):
            for step in [step for step in told if step > event["step"]]:
                del told[step]

    def _still_true(self, told: list[dict[str, Any]], step: int) -> list[dict[str, Any]]:
        kept = [each for each in told if each["step"] is None or each["step"] <= step or each.get("asked")]
        self.curves.generation += len(kept) < len(told)
        return kept

    def _take_step(self, event: Event) -> None:
        self.last_step, self.progress = event, None
        self.rest_seconds = 0
        self._pace.append((event["step"], event["time"]))
        step, values = event["lifetime_step"], _values(event)
        if step <= self.curves.last_step:
            self._take_back(step)
        self.curves.add(step, values)
        if self.means.span != self.curves.span:
            self.means.widen(self.curves.span)
        if not event.get(
            SPIKE
        ):  # of steps that were not all read, those with extremes tell nothing of the others
            self.means.add(step, values)

    def _take_validation(self, event: Event) -> None:
        """Told behind the step that it measures, or before the first."""
        if event["loss"] is not None:
            self.validations[event["step"]] = event["loss"]
        sets = event["sets"]
        if event["loss"] is not None:
            self.validations[event["step"]] = event["loss"]
        values = {
            "validation_loss": event["loss"],
            "validation_trained": event["train_loss"],
            **({f"validation_{name}": loss for name, loss in sets.items()} if len(sets) > 1 else {}),
        }
        known = {name: value for name, value in values.items() if value is not None}
        self.curves.add_more(event["lifetime_step"], known)
        self.means.add(event["lifetime_step"], known)
        if event["loss"] is not None:
            self.validations[event["step"]] = event["loss"]

    def _take_back(self, step: int) -> None:
        """Forget this step and all after it: they will be told again."""
        self.curves.take_back(step)
        self.means.take_back(step)

    def _take_sample(self, event: Event) -> None:
        sample = {name: event[name] for name in ("path", "prompt", "seed")}
        if "weights" in event:
            sample["weights"] = event["weights"]
        sample["path"] = self._absolute(event["path"])
        self.samples.append({**sample, "step": event.get("step"), "asked": event.get("asked", False)})

    def _take_checkpoint(self, event: Event) -> None:
        self.checkpoints.append({"step": event["step"], "path": self._absolute(event["path"])})

    def _rest(self, event: Event) -> None:
        self.rest_seconds = event["seconds"]

    def _take_judged(self, event: Event) -> None:
        self.judged[event["step"]] = {"grid": self._absolute(event["grid"]), "drift": event["drift"]}

    def _take_change(self, event: Event) -> None:
        self.changes.append({"step": event["step"], "values": event["values"]})

    def _end(self, event: Event) -> None:
        if event["outcome"]:
            self.end, self.waiting = event, None

    def _absolute(self, path: str) -> str:
        return str(self.model_folder / path)  # of the job `sample` it is absolute already


_TAKERS: dict[str, Callable[[RunStory, Event], None]] = {
    "work": RunStory._begin,
    "waiting": RunStory._wait,
    "begin": RunStory._stop_waiting,
    "progress": RunStory._take_progress,
    "warning": RunStory._take_warning,
    "class_image": RunStory._take_class_image,
    "start": RunStory._start,
    "step": RunStory._take_step,
    "validation": RunStory._take_validation,
    "sample": RunStory._take_sample,
    "checkpoint": RunStory._take_checkpoint,
    "snapshot": RunStory._take_checkpoint,
    "resting": RunStory._rest,
    "judged": RunStory._take_judged,
    "changed": RunStory._take_change,
    "summary": RunStory._take_summary,
    "end": RunStory._end,
}


def _values(event: Event) -> dict[str, float | None]:
    """The numbers of a step by the name of their curve, ``loss`` or ``lr.unet``."""
    values = {name: event[name] for name in NUMBERS if event.get(name) is not None}
    values |= {name: None for name in WITH_GAPS if name in event and event[name] is None}
    for name in BY_NAME:
        values |= {
            f"{name}.{part}": value for part, value in event.get(name, {}).items() if value is not None
        }
    return values
