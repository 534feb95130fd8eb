"""Builds the optimizer that was asked for; never another one."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import torch

from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.training.errors import MissingPackage
from dreambooth.training.groups import Group


def build_optimizer(config: OptimizerConfig, groups: Sequence[Group]) -> torch.optim.Optimizer:
    """An optimizer of these groups, which keep their names and their full learning rates as ``base_lr``."""
    told = [
        {"params": list(group.parameters), "lr": group.lr, "base_lr": group.lr, "name": group.name}
        for group in groups
    ]
    options: dict[str, Any] = {
        "betas": (config.beta1, config.beta2),
        "eps": config.epsilon,
        "weight_decay": config.weight_decay,
    }
    if config.name == "adamw":
        return torch.optim.AdamW(told, fused=True, **options)
    optimizer: torch.optim.Optimizer = _load_bitsandbytes().optim.AdamW8bit(told, **options)
    return optimizer


def _load_bitsandbytes() -> Any:  # noqa: ANN401 - a module without types
    try:
        return importlib.import_module("bitsandbytes")
    except (ImportError, OSError) as error:
        raise MissingPackage(
            f"adamw_8bit needs the package bitsandbytes, which does not load here ({error}); "
            "install it, or choose the optimizer adamw"
        ) from None


def set_lrs(optimizer: torch.optim.Optimizer, factor: float) -> dict[str, float]:
    """Give every group its share of the full learning rate; returns the rates by name."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
    return {group["name"]: group["lr"] for group in optimizer.param_groups}


def set_base_lrs(optimizer: torch.optim.Optimizer, groups: Sequence[Group]) -> None:
    """Other full learning rates for the same groups, from the next step on."""
    rates = {group.name: group.lr for group in groups}
    for group in optimizer.param_groups:
        group["base_lr"] = rates[group["name"]]
