"""Whether a training fits into the memory of the machine, and what would help if it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dreambooth.config.memory import estimate_bytes
from dreambooth.config.rules import adapter_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, with_values
from dreambooth.config.weights import Shapes, count_weights
from dreambooth.jobs.machine import Machine, uses_half_precision

USABLE_SHARE = 0.93  # of a device's memory: the rest is the driver's, the screen's and the allocator's
SMALLEST_SIDE = 0.5  # of the resolution that advice goes down to


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes that a training takes, and whether they are there; None: nobody can tell."""

    needed: int
    fits: bool | None
    advice: tuple[str, ...]


def plan_memory(config: TrainConfig, shapes: Shapes, machine: Machine) -> MemoryPlan:
    """The estimate, and settings that together make it fit; raises ConfigError when blocks make no sense."""
    if faults := [each for each in adapter_problems(config) if each.setting.startswith("lora.block")]:
        raise ConfigError("\n".join(map(str, faults)))
    needed = _needed(config, shapes, machine)
    fits = _fits(needed, machine)
    return MemoryPlan(needed, fits, () if fits is not False else tuple(_advise(config, shapes, machine)))


def in_gb(num_bytes: int) -> str:
    """Bytes in words, as cards are sold."""
    size = num_bytes / 2**30
    if size < 0.1:
        return f"{num_bytes / 2**20:.0f} MB"
    return f"{size:.0f} GB" if size >= 20 else f"{size:.1f} GB"


def _needed(config: TrainConfig, shapes: Shapes, machine: Machine) -> int:
    return estimate_bytes(
        config,
        count_weights(config, shapes),
        in_half_precision=uses_half_precision(config.precision, machine),
        on_gpu=machine.device != "cpu",
    )


def _fits(needed: int, machine: Machine) -> bool | None:
    return None if machine.memory_bytes is None else needed <= USABLE_SHARE * machine.memory_bytes


def _advise(config: TrainConfig, shapes: Shapes, machine: Machine) -> Iterator[str]:
    """One change after the other, each on top of those before, until it fits."""
    before = _needed(config, shapes, machine)
    for change in _savings(config, machine):
        config = with_values(config, change)
        needed = _needed(config, shapes, machine)
        if needed >= before:
            continue
        before = needed
        told = ", ".join(f"{name}={_typed(value)}" for name, value in change.items())
        yield f"{told}: about {in_gb(needed)}"
        if _fits(needed, machine):
            return
    yield "even so it does not fit: train a smaller model, or on another machine"


def _savings(config: TrainConfig, machine: Machine) -> Iterator[Mapping[str, Any]]:
    """What saves memory, in the order in which it harms least."""
    if config.data.batch_size > 1:
        passes = config.data.batch_size * config.data.gradient_accumulation_steps
        yield {"data.batch_size": 1, "data.gradient_accumulation_steps": min(passes, 1024)}
    yield {"precision.gradient_checkpointing": True}
    yield {"ema.enabled": False}
    if machine.device == "cuda" and config.optimizer.name == "adamw":
        yield {"optimizer.name": "adamw_8bit"}
    if config.parts.train_unet:
        yield {"parts.text_encoder_fraction": 0.0}
    if config.adapter == "none":
        yield {"adapter": "lora"}
    step_px = config.data.bucket_step_px
    for share in (0.75, SMALLEST_SIDE):
        yield {"data.resolution": max(step_px, int(config.data.resolution * share) // step_px * step_px)}


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
