"""What a file must tell so that readers know what kind of adapter it is, and for which models."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from dreambooth.adapters.kohya_names import FILE_FACTS
from dreambooth.adapters.weight_change import (
    ALPHA,
    MAGNITUDE,
    Kind,
    ModuleTensors,
    group_keys,
    module_kind,
    module_rank,
)
from dreambooth.models.architecture import Architecture

ALGORITHMS: Mapping[Kind, str] = {"lora": "locon", "loha": "loha", "lokr": "lokr", "full": "full"}
# A 3x3 kernel by the end of its layer's name, in diffusers' or original spelling.
_KERNEL = re.compile(r"_(conv|conv1|conv2|in_layers_2|out_layers_3|op)$")


def family_facts(architecture: Architecture) -> dict[str, str]:
    """The models that it is for."""
    return {
        "ss_v2": str(architecture.family == "sd2"),
        "ss_base_model_version": FILE_FACTS[architecture.family].base_versions[architecture.predicts],
    }


def network_facts(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """The kind of adapter, its usual rank and alpha, and those of its kernels."""
    modules = {
        name: {suffix: tensors[key] for suffix, key in keys.items()}
        for name, keys in group_keys(tensors).items()
    }
    is_kernel = {name: bool(_KERNEL.search(name)) for name in modules}
    linear = [held for name, held in modules.items() if not is_kernel[name]]
    kernels = [held for name, held in modules.items() if is_kernel[name]]
    rank, alpha = usual_size(linear or kernels)
    args: dict[str, Any] = {}
    if linear and kernels:
        conv_rank, conv_alpha = usual_size(kernels)
        args = {"conv_dim": str(conv_rank), "conv_alpha": str(conv_alpha)}
    (kind, _), *_ = Counter(module_kind(held) for held in modules.values()).most_common(1)
    is_dora = any(MAGNITUDE in held for held in modules.values())
    if kind != "lora" or is_dora:
        args["algo"] = ALGORITHMS[kind]
    if is_dora:
        args |= {"dora_wd": "True", "wd_on_output": "False"}
    return {
        "ss_network_module": "lycoris.kohya" if "algo" in args else "networks.lora",
        "ss_network_dim": str(rank),
        "ss_network_alpha": str(alpha),
        "ss_network_args": json.dumps(args),
    }


def usual_size(modules: Sequence[ModuleTensors]) -> tuple[int, float]:
    """The commonest rank and its alpha; where nothing is factored, what alpha says."""
    sizes: Counter[tuple[int, float]] = Counter()
    for held in modules:
        alpha = held[ALPHA].item() if ALPHA in held else None
        rank = module_rank(held) or round(alpha or 1)
        sizes[rank, float(rank) if alpha is None else alpha] += 1
    ((size, _),) = sizes.most_common(1)
    return size
