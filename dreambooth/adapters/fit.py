"""Whether the weights of a file go into adapters that are there: the same layers, kinds, ranks and alphas."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from dreambooth.adapters.weight_change import (
    ALPHA,
    MAGNITUDE,
    Kind,
    ModuleTensors,
    group_keys,
    module_kind,
    module_rank,
)

KIND_NAMES: Mapping[Kind, str] = {
    "lora": "LoRA",
    "loha": "LoHa",
    "lokr": "LoKr",
    "full": "full difference",
}


def find_difference(held: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str | None:
    """What keeps the weights of a file from going into those that are held, in words, or None."""
    mine, theirs = group_keys(held), group_keys(given)
    for module, keys in mine.items():
        if module not in theirs:
            return f"{module} is not in it"
        own = {suffix: held[key] for suffix, key in keys.items()}
        other = {suffix: given[key] for suffix, key in theirs[module].items()}
        if describe_module(own) != describe_module(other):
            return f"{module} has {describe_module(other)} there and {describe_module(own)} here"
        if _shapes(own) != _shapes(other):
            return f"{module} has other shapes there"
    if extra := theirs.keys() - mine.keys():
        return f"{min(extra)} has no place here"
    return None


def describe_module(tensors: ModuleTensors) -> str:
    """Kind, rank and alpha of a layer's adapter."""
    words = KIND_NAMES[module_kind(tensors)] + (" with DoRA" if MAGNITUDE in tensors else "")
    rank = module_rank(tensors)
    if rank is None:
        return f"a {words}"
    alpha = tensors[ALPHA].item() if ALPHA in tensors else rank
    return f"a {words} of rank {rank} and alpha {alpha:g}"


def _shapes(tensors: ModuleTensors) -> dict[str, tuple[int, ...]]:
    """Without alpha, and without the 1x1 kernels that a linear layer may be written with."""
    return {
        name: tuple(tensor.shape[:2] if tensor.shape[2:] == (1, 1) else tensor.shape)
        for name, tensor in tensors.items()
        if name != ALPHA
    }
