"""Builds the optimizer that was asked for; never another one."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from dreambooth.config.settings import OptimizerConfig


class MissingPackage(Exception):
    """A package that was asked for by a setting is not there, or does not work here."""


def build_optimizer(
    config: OptimizerConfig, parameters: Mapping[str, Sequence[nn.Parameter]], lrs: Mapping[str, float]
) -> torch.optim.Optimizer:
    """One group per part of the model; a group keeps its name and its full learning rate as ``base_lr``."""
    groups = [
        {"params": list(parameters[part]), "lr": lrs[part], "base_lr": lrs[part], "name": part}
        for part in parameters
    ]
    options: dict[str, Any] = {
        "betas": (config.beta1, config.beta2),
        "eps": config.epsilon,
        "weight_decay": config.weight_decay,
    }
    if config.name == "adamw":
        return torch.optim.AdamW(groups, fused=True, **options)
    optimizer: torch.optim.Optimizer = _load_bitsandbytes().optim.AdamW8bit(groups, **options)
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
    """Give every group its share of the full learning rate; returns the rates by part."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
    return {group["name"]: group["lr"] for group in optimizer.param_groups}
