"""Puts adapters of chosen sizes on the layers of a module, through PEFT."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import peft
from torch import nn

from dreambooth.adapters.dropouts import add_dropouts
from dreambooth.adapters.layers import ADAPTER, AdaptedLayer
from dreambooth.adapters.magnitude import add_magnitude
from dreambooth.adapters.weight_change import Kind
from dreambooth.config.adapter_sizes import Size
from dreambooth.config.lora import LoraConfig


def inject(module: nn.Module, kind: Kind, sizes: Mapping[str, Size], config: LoraConfig) -> None:
    """Wrap the layers at the paths of ``sizes``, in fp32 whatever the module is.

    Fresh adapters change nothing. Their first weights are drawn from torch's global random state.
    """
    if not sizes:
        return
    peft.inject_adapter_in_model(_told(kind, sizes, config), module, adapter_name=ADAPTER)
    for path, size in sizes.items():
        adapted = AdaptedLayer(module.get_submodule(path))
        adapted.set_alpha(size.alpha)
        for factor in adapted.factors.values():
            factor.data = factor.data.float()
        if kind == "lora":
            add_dropouts(adapted.layer, ADAPTER, config.rank_dropout, config.module_dropout)
        if config.dora:
            add_magnitude(adapted.layer)


def _told(kind: Kind, sizes: Mapping[str, Size], config: LoraConfig) -> Any:  # noqa: ANN401 - one of three
    """The sizes in PEFT's words: one rank for most layers, and patterns for the others."""
    ((usual, _),) = Counter(size.rank for size in sizes.values()).most_common(1)
    by_rank: dict[int, list[str]] = {}
    for path, size in sizes.items():
        by_rank.setdefault(size.rank, []).append(path)
    told: dict[str, Any] = {
        "r": usual,
        "rank_pattern": {_any_of(paths): rank for rank, paths in by_rank.items() if rank != usual},
        "target_modules": _any_of(sizes),
    }
    if kind == "lora":
        return peft.LoraConfig(**told, lora_dropout=config.dropout)
    told |= {"rank_dropout": config.rank_dropout, "module_dropout": config.module_dropout}
    if kind == "loha":
        return peft.LoHaConfig(**told)
    return peft.LoKrConfig(**told, decompose_factor=config.lokr_factor)


def _any_of(paths: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, paths))})"
