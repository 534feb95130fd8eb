"""What contradicts itself in what is minimised, and in which noise."""

from __future__ import annotations

from collections.abc import Iterator

from dreambooth.config.loss import LossConfig
from dreambooth.config.noise import NoiseConfig
from dreambooth.config.problem import Problem
from dreambooth.config.settings import TrainConfig

_NOT_WITH_OTHERS = "weighs the timesteps by itself"


def loss_problems(config: TrainConfig) -> Iterator[Problem]:
    """At most one setting may say how much each timestep counts."""
    loss, usual = config.loss, LossConfig()
    if loss.min_snr_gamma and loss.debiased:
        yield Problem("loss.debiased", f"{_NOT_WITH_OTHERS}: set loss.min_snr_gamma to 0, or this to false")
    if loss.like_noise and (loss.min_snr_gamma or loss.debiased):
        other = "loss.min_snr_gamma to 0" if loss.min_snr_gamma else "loss.debiased to false"
        yield Problem("loss.like_noise", f"{_NOT_WITH_OTHERS}: set {other}, or this to false")
    if loss.kind not in ("huber", "smooth_l1") and loss.huber_c != usual.huber_c:
        yield Problem("loss.huber_c", f"has no effect on {loss.kind}: set loss.kind to huber or smooth_l1")


def noise_problems(config: TrainConfig) -> Iterator[Problem]:
    """A range of timesteps has at least one; what shapes the noise needs noise to shape."""
    noise, usual = config.noise, NoiseConfig()
    if noise.min_timestep >= noise.max_timestep:
        yield Problem("noise.min_timestep", f"must be below noise.max_timestep, {noise.max_timestep}")
    if noise.offset_random and not noise.offset_noise:
        yield Problem("noise.offset_random", "there is no offset to vary: set noise.offset_noise too")
    for name in ("logit_mean", "logit_scale"):
        if noise.timestep_sampling != "logit_normal" and getattr(noise, name) != getattr(usual, name):
            yield Problem(f"noise.{name}", "set noise.timestep_sampling to logit_normal too")
    yield from _zero_terminal_snr_problems(config)


def _zero_terminal_snr_problems(config: TrainConfig) -> Iterator[Problem]:
    if not config.noise.zero_terminal_snr:
        return
    if config.adapter != "none":
        yield Problem(
            "noise.zero_terminal_snr",
            "an adapter cannot tell webuis another noise schedule: create the model with "
            "--zero-terminal-snr true, or train the full model",
        )
    if not config.parts.train_unet:
        yield Problem("noise.zero_terminal_snr", "the U-Net has to learn it: set parts.train_unet")
