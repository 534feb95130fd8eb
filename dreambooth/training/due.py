"""When saves and previews are due: by steps, by epochs, or by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A step boundary of a run; ``…_before`` are of the model's earlier trainings."""

    step: int
    steps_per_epoch: int
    steps_before: int = 0
    epochs_before: int = 0

    @property
    def num_epochs(self) -> int:
        """Whole epochs of this run."""
        return self.step // self.steps_per_epoch


def is_due(every_steps: int, every_epochs: int, now: Moment) -> bool:
    """Whether one of two intervals, 0 for none, ends at this step; epochs end with their last step."""
    by_steps = every_steps > 0 and (now.steps_before + now.step) % every_steps == 0
    is_epoch_end = now.step % now.steps_per_epoch == 0
    by_epochs = every_epochs > 0 and is_epoch_end and (now.epochs_before + now.num_epochs) % every_epochs == 0
    return by_steps or by_epochs


class Stopwatch:
    """Tells whether so many minutes have passed since it was made, or started anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()

    def restart(self) -> None:
        """Count from now."""
        self._began = self._clock()

    def has_passed(self, minutes: float) -> bool:
        """Never for 0, which switches an interval off."""
        return minutes > 0 and self._clock() - self._began >= minutes * SECONDS
