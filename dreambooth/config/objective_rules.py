"""What contradicts itself in what is minimised, and in which noise; what has nothing to work on waits."""

from __future__ import annotations

from collections.abc import Iterator

from dreambooth.config.noise import NUM_TIMESTEPS
from dreambooth.config.problem import Problem
from dreambooth.config.settings import TrainConfig

_ALONE = "weighs the timesteps by itself"


def loss_problems(config: TrainConfig) -> Iterator[Problem]:
    """At most one setting may say how much each timestep counts."""
    loss = config.loss
    if loss.debiased and loss.min_snr_gamma:
        yield Problem("loss.debiased", f"{_ALONE}: set loss.min_snr_gamma to 0, or this to false")
    if loss.like_noise and (loss.min_snr_gamma or loss.debiased):
        other = "loss.min_snr_gamma to 0" if loss.min_snr_gamma else "loss.debiased to false"
        yield Problem("loss.like_noise", f"{_ALONE}: set {other}, or this to false")


def noise_problems(config: TrainConfig) -> Iterator[Problem]:
    """A range of timesteps has at least one; zero terminal SNR is learnt at the last one."""
    noise = config.noise
    if noise.min_timestep >= noise.max_timestep:
        yield Problem("noise.min_timestep", f"must be below noise.max_timestep, {noise.max_timestep}")
    if not noise.zero_terminal_snr:
        return
    if config.adapter != "none":
        yield Problem(
            "noise.zero_terminal_snr",
            "an adapter cannot tell webuis another noise schedule: create the model with "
            "--zero-terminal-snr true, or train the full model",
        )
    if not config.parts.train_unet:
        yield Problem("noise.zero_terminal_snr", "the U-Net has to learn it: set parts.train_unet")
    if noise.max_timestep < NUM_TIMESTEPS:
        yield Problem(
            "noise.max_timestep", f"zero terminal SNR is learnt at the last timestep: set {NUM_TIMESTEPS}"
        )
