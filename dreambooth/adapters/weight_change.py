"""What an adapter adds to a weight: from the tensors of one module of a file to the change, in fp32.

Every reader of adapter files, and merging and extracting too, goes through `weight_change`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError

Kind = Literal["lora", "loha", "lokr", "full"]
ModuleTensors = Mapping[str, Tensor]  # what follows the module's name → tensor, e.g. lora_up.weight
ALPHA, MAGNITUDE, BIAS = "alpha", "dora_scale", "diff_b"
# By what a module must hold, its kind, and by what it may hold besides.
_NEEDED: dict[Kind, tuple[frozenset[str], ...]] = {
    "lora": (frozenset({"lora_down.weight", "lora_up.weight"}),),
    "loha": (frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}),),
    "lokr": tuple(
        frozenset(first + second)
        for first in (["lokr_w1"], ["lokr_w1_a", "lokr_w1_b"])
        for second in (["lokr_w2"], ["lokr_w2_a", "lokr_w2_b"])
    ),
    "full": (frozenset({"diff"}), frozenset({BIAS})),
}
_SCALED = ("lora_up.weight", "hada_w1_a", "lokr_w1", "lokr_w1_a")  # the first factor of each kind
_ALLOWED: dict[Kind, frozenset[str]] = {
    "lora": frozenset({"lora_mid.weight", ALPHA, MAGNITUDE, BIAS}),
    "loha": frozenset({"hada_t1", "hada_t2", ALPHA, MAGNITUDE, BIAS}),
    "lokr": frozenset({"lokr_t2", ALPHA, MAGNITUDE, BIAS}),
    "full": frozenset({ALPHA, BIAS}),
}


def group_keys(keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """Module → suffix → key of a file in kohya's names: a module's name ends at the first dot.

    >>> group_keys(["lora_te_a.alpha", "lora_te_a.lora_up.weight"])
    {'lora_te_a': {'alpha': 'lora_te_a.alpha', 'lora_up.weight': 'lora_te_a.lora_up.weight'}}
    """
    modules: dict[str, dict[str, str]] = {}
    for key in keys:
        module, _, suffix = key.partition(".")
        modules.setdefault(module, {})[suffix] = key
    return modules


def module_kind(suffixes: Iterable[str]) -> Kind:
    """The kind of adapter that a module's tensors make; raises AdapterError when they make none."""
    held = frozenset(suffixes)
    for kind, choices in _NEEDED.items():
        if any(needed <= held <= needed | _ALLOWED[kind] for needed in choices):
            return kind
    raise AdapterError(
        f"{', '.join(sorted(held))} together are no LoRA, LoHa, LoKr or full difference; other kinds "
        "of adapter cannot be read"
    )


def module_rank(tensors: ModuleTensors) -> int | None:
    """The rank that alpha is divided by; None where nothing is factored, and alpha has no meaning."""
    for name in ("lora_down.weight", "hada_w1_b", "lokr_w2_b", "lokr_w1_b"):
        if name in tensors:
            return tensors[name].shape[0]
    return None


def module_scale(tensors: ModuleTensors) -> float:
    """alpha / rank; 1 without alpha."""
    rank = module_rank(tensors)
    return tensors[ALPHA].item() / rank if rank and ALPHA in tensors else 1.0


def with_scale_inside(tensors: ModuleTensors) -> dict[str, Tensor]:
    """The same change with alpha equal to the rank: what the scale was is in one of the factors."""
    rank = module_rank(tensors)
    if not rank or ALPHA not in tensors:
        return dict(tensors)
    name = next(name for name in _SCALED if name in tensors)
    alpha = torch.tensor(float(rank), dtype=tensors[ALPHA].dtype)
    return {**tensors, name: tensors[name] * module_scale(tensors), ALPHA: alpha}


def weight_change(tensors: ModuleTensors, original: Tensor) -> Tensor:
    """What a module's tensors add to the weight ``original`` at full strength: fp32, of its shape.

    Linear layers may be written as 1x1 convolutions and the reverse. Only DoRA looks at the weight itself;
    at another strength its whole change is scaled, as that of the others.
    """
    kind = module_kind(tensors)
    parts = {name: tensor.to(original.device, torch.float32) for name, tensor in tensors.items()}
    if kind == "full":
        change = parts["diff"] if "diff" in parts else torch.zeros(original.shape, device=original.device)
    else:
        change = module_scale(tensors) * {"lora": _lora, "loha": _loha, "lokr": _lokr}[kind](parts)
    if change.numel() != original.numel() or change.shape[0] != original.shape[0]:
        raise AdapterError(
            f"an adapter made for a weight of shape {tuple(change.shape)} does not fit one of shape "
            f"{tuple(original.shape)}"
        )
    change = change.reshape(original.shape)
    if MAGNITUDE not in parts:
        return change
    weight = original.float()
    return with_magnitude(weight + change, parts[MAGNITUDE]) - weight


def bias_change(tensors: ModuleTensors) -> Tensor | None:
    """What a module's tensors add to the bias, or None."""
    return tensors[BIAS].float() if BIAS in tensors else None


def with_magnitude(weight: Tensor, magnitude: Tensor) -> Tensor:
    """The weight with other lengths: of its inputs, or of its outputs (DoRA, arXiv:2402.09353, equation 5).

    A magnitude (1, in, 1 …) holds a length for every input, as in the paper; (out, 1, 1 …) for every output.
    """
    return weight * (magnitude_like(magnitude, weight) / lengths(weight, magnitude))


def magnitude_like(magnitude: Tensor, weight: Tensor) -> Tensor:
    """The magnitude with as many dimensions as the weight."""
    size = weight.shape[0] if is_of_outputs(magnitude, weight) else weight.shape[1]
    if magnitude.numel() != size:
        raise AdapterError(
            f"a DoRA magnitude of {magnitude.numel()} numbers does not fit a weight of shape "
            f"{tuple(weight.shape)}"
        )
    first = size if is_of_outputs(magnitude, weight) else 1
    return magnitude.reshape(first, size // first, *[1] * (weight.ndim - 2))


def is_of_outputs(magnitude: Tensor, weight: Tensor) -> bool:
    """Whether a magnitude has a length for every output."""
    return magnitude.shape[0] == weight.shape[0] and magnitude.numel() == weight.shape[0]


def lengths(weight: Tensor, magnitude: Tensor) -> Tensor:
    """The lengths of what the magnitude rules, shaped to broadcast over the weight."""
    kept = 0 if is_of_outputs(magnitude, weight) else 1
    others = [dimension for dimension in range(weight.ndim) if dimension != kept]
    found: Tensor = torch.linalg.vector_norm(weight, dim=others, keepdim=True)
    return found


def _lora(parts: ModuleTensors) -> Tensor:
    """up · down (arXiv:2106.09685); a convolution's kernel is in down, or in a Tucker core between the two.

    The core (rank, rank, k, k) is LyCORIS's (arXiv:2309.14859).
    """
    down, up = parts["lora_down.weight"], parts["lora_up.weight"]
    core = parts.get("lora_mid.weight")
    if core is not None:
        return torch.einsum("om,mnkl,ni->oikl", up.flatten(1), core, down.flatten(1))
    return (up.flatten(1) @ down.flatten(1)).reshape(up.shape[0], *down.shape[1:])


def _tucker(core: Tensor, outputs: Tensor, inputs: Tensor) -> Tensor:
    """A kernel (out, in, k, k) from a core (rank, rank, k, k), (rank, out) and (rank, in)."""
    return torch.einsum("mnkl,mo,ni->oikl", core, outputs, inputs)


def _loha(parts: ModuleTensors) -> Tensor:
    """The elementwise product of two low-rank matrices (arXiv:2108.06098)."""
    factors = []
    for number in "12":
        first, second = parts[f"hada_w{number}_a"], parts[f"hada_w{number}_b"]
        core = parts.get(f"hada_t{number}")
        factors.append(first @ second if core is None else _tucker(core, first, second))
    return factors[0] * factors[1]


def _lokr(parts: ModuleTensors) -> Tensor:
    """The Kronecker product of two matrices, each whole or low-rank (arXiv:2309.14859)."""
    first = parts["lokr_w1"] if "lokr_w1" in parts else parts["lokr_w1_a"] @ parts["lokr_w1_b"]
    if "lokr_w2" in parts:
        second = parts["lokr_w2"]
    elif "lokr_t2" in parts:
        second = _tucker(parts["lokr_t2"], parts["lokr_w2_a"], parts["lokr_w2_b"])
    else:
        second = parts["lokr_w2_a"] @ parts["lokr_w2_b"]
    return torch.kron(first, second.flatten(1))
