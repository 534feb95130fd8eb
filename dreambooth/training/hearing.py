"""What a run hears at a step boundary: everything that does not follow from the step alone, at one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dreambooth.config.folders import RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.events import Request, take_change, take_drawing, take_requests
from dreambooth.training.due import Stopwatch

ByClock = Literal["save", "sample"]


@dataclass(frozen=True)
class Heard:
    """What is asked of a run, by people and by the clock."""

    requests: tuple[Request, ...] = ()
    drawing: str | None = None
    change: Mapping[str, Any] = field(default_factory=dict)
    by_clock: tuple[ByClock, ...] = ()


class Ears:
    """Take what is asked of a run, once."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._watches: dict[ByClock, Stopwatch] = {"save": Stopwatch(), "sample": Stopwatch()}

    def take(self, config: TrainConfig) -> Heard:
        """What is asked now."""
        minutes: dict[ByClock, float] = {
            "save": config.saving.save_every_minutes,
            "sample": config.samples.sample_every_minutes,
        }
        return Heard(
            requests=tuple(take_requests(self._folder)),
            drawing=take_drawing(self._folder),
            change=take_change(self._folder),
            by_clock=tuple(what for what in minutes if self._watches[what].has_passed(minutes[what])),
        )

    def restart(self, what: ByClock) -> None:
        """It has been done; the clock counts from now."""
        self._watches[what].restart()
