"""Rules for optimizers, learning rates and schedules, and what is worth telling though it can be done."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dreambooth.config.arguments import parse_arguments
from dreambooth.config.lora import LoraConfig
from dreambooth.config.lr_curve import parse_pieces
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.config.problem import Problem
from dreambooth.config.settings import TrainConfig

DESTROYING_LR = 0.1  # from which on all that take steps of the size of the rate leave nothing of a model
SMALLEST_SHARE, LARGEST_SHARE = 0.1, 3.0  # of an estimated rate that is not likely to be meant otherwise
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_SAID_ELSEWHERE = {
    "params": "is what learns",
    "lr": "is set by the learning rates",
    "weight_decay": "is set by optimizer.weight_decay",
}


def rate_problems(config: TrainConfig) -> Iterator[Problem]:
    """Rates that are none, and rates that only an optimizer which estimates them can bear."""
    for name, rates in (("optimizer", config.optimizer), ("lora", config.lora)):
        if -1 < rates.text_encoder_2_lr < 0:
            yield Problem(f"{name}.text_encoder_2_lr", "choose a rate from 0, or -1 for that of the first")
    kind = KINDS[config.optimizer.name]
    if kind.estimates_rate or config.optimizer.name in ("custom", "schedule_free_sgd"):
        return
    for setting, rate in _used_rates(config):
        if rate >= DESTROYING_LR:
            yield Problem(
                setting,
                f"{rate:g} would destroy the model under {config.optimizer.name}; take a far smaller "
                "one, or an optimizer that finds the rate, such as prodigy",
            )


def optimizer_problems(config: TrainConfig) -> Iterator[Problem]:
    """An optimizer that is not named as it must be, or not to be had on the device."""
    optimizer = config.optimizer
    for name in ("beta1", "beta2", "text_encoder_weight_decay", "text_encoder_max_grad_norm"):
        if -1 < getattr(optimizer, name) < 0:
            yield Problem(f"optimizer.{name}", "choose a number from 0, or -1")
    if optimizer.name == "custom" and not _DOTTED.fullmatch(optimizer.class_name):
        yield Problem(
            "optimizer.class_name", "name a class, e.g. torch.optim.NAdam, or choose another optimizer"
        )
    if optimizer.name != "custom" and optimizer.class_name:
        yield Problem("optimizer.class_name", "is used by optimizer.name=custom: choose that, or clear it")
    if KINDS[optimizer.name].is_paged and config.precision.device in ("cpu", "mps"):
        without = optimizer.name.removeprefix("paged_")
        yield Problem("optimizer.name", f"{optimizer.name} needs CUDA: choose {without}")
    yield from _argument_problems(optimizer)


def _argument_problems(optimizer: OptimizerConfig) -> Iterator[Problem]:
    try:
        told = parse_arguments(optimizer.arguments)
    except ValueError as error:
        yield Problem("optimizer.arguments", str(error))
        return
    for name in told.keys() & _SAID_ELSEWHERE.keys():
        yield Problem("optimizer.arguments", f"{name} {_SAID_ELSEWHERE[name]}; leave it out")


def schedule_problems(config: TrainConfig) -> Iterator[Problem]:
    """Schedules that contradict their warm-up, their pieces or the optimizer."""
    schedule = config.schedule
    used = {schedule.name, schedule.text_encoder_name}
    if schedule.warmup_steps and schedule.warmup_fraction:
        yield Problem("schedule.warmup_fraction", "is told in steps already: set one of the two to 0")
    if schedule.name == "one_cycle" and (schedule.warmup_steps or schedule.warmup_fraction):
        yield Problem("schedule.name", "one_cycle rises by itself: set the warm-up to 0")
    elif schedule.text_encoder_name == "one_cycle" and _has_text_warmup(config):
        yield Problem("schedule.text_encoder_name", "one_cycle rises by itself: set its warm-up to 0")
    if "piecewise" in used:
        try:
            parse_pieces(schedule.pieces)
        except ValueError as error:
            yield Problem("schedule.pieces", str(error))
    if KINDS[config.optimizer.name].averages:
        yield from _schedule_free_problems(config)


def _has_text_warmup(config: TrainConfig) -> bool:
    schedule = config.schedule
    if schedule.text_encoder_warmup_steps >= 0:
        return schedule.text_encoder_warmup_steps > 0
    return bool(schedule.warmup_steps or schedule.warmup_fraction)


def _schedule_free_problems(config: TrainConfig) -> Iterator[Problem]:
    name = config.optimizer.name
    if config.schedule.name != "constant":
        yield Problem("schedule.name", f"{name} averages instead of slowing down: choose constant")
    if config.schedule.text_encoder_name not in ("same", "constant"):
        yield Problem("schedule.text_encoder_name", f"{name} averages instead of slowing down: choose same")
    if config.ema.enabled:
        yield Problem("ema.enabled", f"what {name} shows is an average already: turn one of them off")


def tell_of_rates(config: TrainConfig) -> Iterator[str]:
    """What is likely to be a mistake: a rate of another optimizer under one that estimates it."""
    if not KINDS[config.optimizer.name].estimates_rate:
        return
    for setting, rate in _used_rates(config):
        if rate and not SMALLEST_SHARE <= rate <= LARGEST_SHARE:
            then = "next to nothing will be learnt" if rate < 1 else "the model may be destroyed"
            yield (
                f"{setting}={rate:g}: {config.optimizer.name} finds the rate by itself and multiplies it by "
                f"that, so {then}; set about 1"
            )


def _used_rates(config: TrainConfig) -> Iterator[tuple[str, float]]:
    """The learning rates of all parts that learn, by setting."""
    section = "optimizer" if config.adapter == "none" else "lora"
    rates: OptimizerConfig | LoraConfig = config.optimizer if config.adapter == "none" else config.lora
    if config.parts.train_unet:
        yield f"{section}.unet_lr", rates.unet_lr
    if config.parts.text_encoder_fraction:
        yield f"{section}.text_encoder_lr", rates.text_encoder_lr
        if rates.text_encoder_2_lr >= 0:
            yield f"{section}.text_encoder_2_lr", rates.text_encoder_2_lr
