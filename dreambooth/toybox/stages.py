"""One stage of the recipe: AdamW steps, a cosine schedule, averaged weights; resumable at any time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch import Tensor, nn

Loss = Callable[[int], tuple[Tensor, dict[str, float]]]


def rng_of(seed: int, purpose: str, step: int) -> Random:
    """Python's random numbers of one step; the same whenever the step is repeated."""
    return Random(f"{seed} {purpose} {step}")


def seed_torch(rng: Random) -> None:
    """Seed torch's default generator from ``rng``."""
    torch.manual_seed(rng.getrandbits(62))


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What differs between the stages."""

    name: str
    num_steps: int
    lr: float
    warmup_steps: int = 200
    ema_decay: float = 0.999
    weight_decay: float = 0.01
    save_every: int = 500


class StageState:
    """The weights being trained, their average, and the optimizer, in one file that appears whole."""

    def __init__(self, stage: Stage, module: nn.Module, folder: Path) -> None:
        self.stage = stage
        self.module = module
        self.path = folder / f"{stage.name}.pt"
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=stage.lr, betas=(0.9, 0.99), weight_decay=stage.weight_decay, fused=True
        )
        self.average = [p.detach().clone() for p in self.parameters]
        self.num_steps = 0

    def load(self) -> None:
        """Continue from the file, when there is one."""
        if not self.path.exists():
            return
        saved = torch.load(self.path, weights_only=True)
        self.module.load_state_dict(saved["module"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.average = saved["average"]
        self.num_steps = saved["num_steps"]

    def save(self) -> None:
        """Write the file."""
        saved = {
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "num_steps": self.num_steps,
        }
        beside = self.path.with_suffix(".partial")
        torch.save(saved, beside)
        beside.replace(self.path)

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the average towards the weights; early steps count more, so that the start is forgotten."""
        decay = min(self.stage.ema_decay, (1 + self.num_steps) / (10 + self.num_steps))
        torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - decay)

    @torch.no_grad()
    def use_average(self) -> None:
        """Put the averaged weights into the module: what the stage hands on."""
        for parameter, average in zip(self.parameters, self.average, strict=True):
            parameter.copy_(average)


def lr_factor(step: int, warmup_steps: int, num_steps: int) -> float:
    """Linear warm-up, then half a cosine down to one hundredth."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, num_steps - warmup_steps)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2


def run_stage(stage: Stage, module: nn.Module, loss_of: Loss, folder: Path) -> None:
    """Train ``module`` by ``loss_of(step)`` and leave the averaged weights in it."""
    state = StageState(stage, module, folder)
    state.load()
    started, first = time.monotonic(), state.num_steps
    for step in range(state.num_steps, stage.num_steps):
        for group in state.optimizer.param_groups:
            group["lr"] = stage.lr * lr_factor(step, stage.warmup_steps, stage.num_steps)
        loss, figures = loss_of(step)
        loss.backward()
        nn.utils.clip_grad_norm_(state.parameters, 1.0)
        state.optimizer.step()
        state.optimizer.zero_grad(set_to_none=True)
        state.num_steps = step + 1
        state.update_average()
        if state.num_steps % 100 == 0:
            told = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
            pace = (time.monotonic() - started) / (state.num_steps - first)
            print(f"{stage.name} {state.num_steps}/{stage.num_steps} {told} {pace:.3f} s/step", flush=True)
        if state.num_steps % stage.save_every == 0 or state.num_steps == stage.num_steps:
            state.save()
    state.use_average()
