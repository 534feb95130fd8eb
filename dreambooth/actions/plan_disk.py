"""How much disk a training takes, and whether it is there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from dreambooth.actions.plan_facts import Steps
from dreambooth.actions.plan_memory import in_gb
from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.config.settings import TrainConfig
from dreambooth.config.weights import Shapes, WeightCounts, count_weights

BYTES = {"fp16": 2, "bf16": 2, "fp32": 4}


@dataclass(frozen=True)
class DiskPlan:
    """What is written, in bytes."""

    each: int  # a checkpoint, or the file of an adapter
    num_written: int | None  # None: the pictures are not counted yet
    num_kept: int | None
    state: int  # while it trains, and after a stop: what is needed to go on
    free: int

    @property
    def most(self) -> int:
        """Bytes that are taken at once."""
        return self.each * (self.num_kept or 1) + self.state

    @property
    def words(self) -> str:
        """All of it in words."""
        told = f"Each file takes about {in_gb(self.each)}"
        if self.num_written is not None and self.num_kept is not None:
            told += f"; {self.num_written} will be written, {self.num_kept} kept"
        told += f"; what is needed to resume: about {in_gb(self.state)} while it trains"
        return f"{told}; {in_gb(self.free)} are free"


def plan_disk(config: TrainConfig, shapes: Shapes, steps: Steps | None, folder: Path) -> DiskPlan:
    """The estimate for a model in ``folder``."""
    counts = count_weights(config, shapes)
    num_written = None if steps is None else count_saves(config, steps)
    saving = config.saving
    keep = saving.keep_last and saving.keep_last + saving.keep_best
    return DiskPlan(
        each=_save_bytes(config, counts),
        num_written=num_written,
        num_kept=None if num_written is None else min(num_written, keep or num_written),
        state=counts.learning * (4 + KINDS[config.optimizer.name].bytes_per_weight + 4 * config.ema.enabled),
        free=shutil.disk_usage(folder).free,
    )


def count_saves(config: TrainConfig, steps: Steps) -> int:
    """Saves of a whole training; those by the clock, and those that are asked for by hand, left out."""
    saving = config.saving
    every = (config.saving.save_every_steps, config.saving.save_every_epochs * steps.per_epoch)
    first = saving.save_from_epoch * steps.per_epoch
    due = {step for each in every if each for step in range(each, steps.num_steps, each) if step >= first}
    return len(due) * (saving.during != "nothing") + (saving.at_end != "nothing")


def _save_bytes(config: TrainConfig, counts: WeightCounts) -> int:
    """The largest of what a save of these settings writes."""
    sizes = {
        "nothing": 0,
        "result": _result_bytes(config, counts),
        "snapshot": counts.everything * BYTES[config.saving.dtype],
    }
    sizes["both"] = sizes["result"] + sizes["snapshot"]
    wanted = {config.saving.during, config.saving.at_end}
    return max(sizes[what] for what in wanted)


def _result_bytes(config: TrainConfig, counts: WeightCounts) -> int:
    size = BYTES[config.saving.dtype]
    if config.adapter != "none":
        return counts.learning * size
    beside = counts.unet if config.ema.enabled and config.ema.placement == "beside" else 0
    return (counts.everything + beside) * size
