"""LoRA files in the layout of diffusers and PEFT: dotted paths, and alphas in the file's metadata."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import Place, kohya_modules
from dreambooth.adapters.weight_change import ALPHA, MAGNITUDE, ModuleTensors, group_keys, module_kind
from dreambooth.models.architecture import TEXT_PARTS, Architecture
from dreambooth.models.export import cast_float
from dreambooth.models.single_file import write_checkpoint

METADATA_KEY = "lora_adapter_metadata"
_PARTS = ("unet", *TEXT_PARTS)
_DOWN, _UP = "lora_down.weight", "lora_up.weight"
_SUFFIXES = {  # how a path may end, in this layout's several ages → in kohya's
    ".lora_A.weight": _DOWN,
    ".lora_A.default.weight": _DOWN,
    ".lora.down.weight": _DOWN,
    ".lora_linear_layer.down.weight": _DOWN,
    ".lora_B.weight": _UP,
    ".lora_B.default.weight": _UP,
    ".lora.up.weight": _UP,
    ".lora_linear_layer.up.weight": _UP,
    ".lora_magnitude_vector": MAGNITUDE,
    ".lora_magnitude_vector.weight": MAGNITUDE,
    ".alpha": ALPHA,
}


def find_place(key: str) -> tuple[Place, str] | None:
    """The layer that a key of this layout belongs to, and what of it in kohya's words, or None.

    >>> find_place("unet.mid_block.attentions.0.proj_in.lora_A.weight")
    (Place(part='unet', path='mid_block.attentions.0.proj_in'), 'lora_down.weight')
    """
    part, _, rest = key.partition(".")
    for ending, suffix in _SUFFIXES.items():
        if part in _PARTS and rest.endswith(ending):
            return Place(part, rest.removesuffix(ending)), suffix
    return None


def read_told(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What a file's metadata tells PEFT, by part and name."""
    told: dict[str, Any] = json.loads(metadata.get(METADATA_KEY, "{}"))
    return told


def told_alpha(told: Mapping[str, Any], place: Place) -> float | None:
    """The alpha that is told of a layer, or None: then it is the rank."""
    patterns: dict[str, float] = told.get(f"{place.part}.alpha_pattern") or {}
    for pattern, alpha in patterns.items():
        if re.match(rf"(.*\.)?({pattern})$", place.path):
            return float(alpha)
    usual = told.get(f"{place.part}.lora_alpha")
    return None if usual is None else float(usual)


def magnitude_of_outputs(magnitude: Tensor, *, is_linear: bool) -> Tensor:
    """PEFT's lengths, (out) or (1, out, 1, 1), in the shape of kohya's files."""
    return magnitude.reshape(-1, *[1] * (1 if is_linear else 3))


def save_diffusers_lora(
    path: Path, architecture: Architecture, tensors: Mapping[str, Tensor], dtype: torch.dtype
) -> None:
    """Write an adapter, given in kohya's names, as diffusers' ``load_lora_weights`` reads it exactly.

    Raises AdapterError for what that layout cannot hold.
    """
    places, renamed = kohya_modules(architecture), {}
    layers: dict[Place, ModuleTensors] = {}
    for name, keys in group_keys(tensors).items():
        held = {suffix: tensors[key] for suffix, key in keys.items()}
        _refuse_what_diffusers_lacks(name, held)
        place = places[name]
        layers[place] = held
        for suffix, ending in ((_DOWN, "lora_A"), (_UP, "lora_B")):
            key = f"{place.part}.{place.path}.{ending}.weight"
            renamed[key] = cast_float(key, held[suffix], dtype).cpu().contiguous()
    told = {f"{part}.{name}": value for part in _PARTS for name, value in _config(part, layers).items()}
    text = json.dumps(told, indent=2, sort_keys=True)
    write_checkpoint(path, renamed, {"format": "pt", METADATA_KEY: text})


def _refuse_what_diffusers_lacks(name: str, held: ModuleTensors) -> None:
    if module_kind(held) != "lora" or held.keys() - {_DOWN, _UP, ALPHA}:
        raise AdapterError(
            f"diffusers' layout holds only plain LoRA, and {name} is not; use kohya's, which webuis read"
        )


def _config(part: str, layers: Mapping[Place, ModuleTensors]) -> dict[str, Any]:
    """What PEFT needs to know of a part: the usual rank and alpha, and where they are others."""
    ranks = {place.path: held[_DOWN].shape[0] for place, held in layers.items() if place.part == part}
    alphas = {
        place.path: held[ALPHA].item() if ALPHA in held else float(ranks[place.path])
        for place, held in layers.items()
        if place.part == part
    }
    if not ranks:
        return {}
    rank, alpha = (Counter(values.values()).most_common(1)[0][0] for values in (ranks, alphas))
    return {
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": {path: other for path, other in ranks.items() if other != rank},
        "alpha_pattern": {path: other for path, other in alphas.items() if other != alpha},
        "target_modules": sorted(ranks),
    }
