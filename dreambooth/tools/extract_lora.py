"""The difference of two checkpoints as a LoRA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.file_facts import family_facts
from dreambooth.adapters.kohya_names import Place, adapted_paths, kohya_name
from dreambooth.adapters.lora_file import lora_modelspec
from dreambooth.models.configs import build_without_weights
from dreambooth.models.create import read_source
from dreambooth.models.source import Source
from dreambooth.tools.factors import Factors, reduced
from dreambooth.tools.lora_output import WrittenLora, commented, tensors_of, write_lora
from dreambooth.tools.low_rank import RankRule, matrix_svd
from dreambooth.tools.movement import sum_of_squares
from dreambooth.tools.parent import Progress


@dataclass(frozen=True, kw_only=True)
class ExtractRequest:
    """What to take the difference of, and how much of it to keep."""

    base: Path
    tuned: Path
    rule: RankRule
    convolutions: bool = False  # kernels larger than one pixel too, by the rule's conv_rank
    min_difference: float = 1e-3  # a text encoder in which no weight differs by more is left out


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What was written."""

    lora: WrittenLora  # kept is the share of the whole difference, that of other layers included
    outside: float  # share of the difference in layers that are not of the LoRA
    left_out: Mapping[str, float]  # part → largest difference of any of its weights


@dataclass
class _Sums:
    """Sums of squares over all weights."""

    kept: float = 0.0
    adapted: float = 0.0
    everything: float = 0.0


def extract_lora(asked: ExtractRequest, to: Path, dtype: torch.dtype | None, progress: Progress) -> Extracted:
    """Write what turns ``base`` into ``tuned``, as well as the rank allows."""
    base, tuned = read_source(asked.base), read_source(asked.tuned)
    _refuse_other_kinds(base, tuned)
    layers = _layers(tuned, asked)
    left_out = {
        part: largest
        for part in layers
        if (largest := _largest_difference(base, tuned, part))
        <= (0 if part == "unet" else asked.min_difference)
    }
    layers = {part: chosen for part, chosen in layers.items() if part not in left_out}
    if not layers:
        raise AdapterError(f"{base.name} and {tuned.name} do not differ, so there is nothing to extract")
    sums, modules = _Sums(), {}
    num_done, num_layers = 0, sum(len(chosen) for chosen in layers.values())
    for part, chosen in layers.items():
        for path in chosen:
            name = kohya_name(tuned.architecture, Place(part, path))
            modules[name] = _factors(_difference(base, tuned, part, f"{path}.weight"), asked.rule, sums)
            num_done += 1
            progress(num_done, num_layers)
        sums.everything += _sum_of_squares(base, tuned, part)
    kept = min(1.0, (sums.kept / sums.everything) ** 0.5)
    told = commented(
        {
            **family_facts(tuned.architecture),
            **lora_modelspec(tuned.architecture, to.stem),
            "ss_sd_model_name": base.name,
        },
        f"extracted from {tuned.name} against {base.name}, {kept:.2%} of the norm kept",
    )
    kind = dtype or tuned.parts["unet"]["conv_in.weight"].dtype
    outside = max(0.0, 1 - sums.adapted / sums.everything) ** 0.5
    return Extracted(
        lora=write_lora(to, tensors_of(modules), told, kind, kept=kept), outside=outside, left_out=left_out
    )


def _refuse_other_kinds(base: Source, tuned: Source) -> None:
    for part in base.parts.keys() | tuned.parts.keys():
        mine = {key: plan.shape for key, plan in base.parts.get(part, {}).items()}
        theirs = {key: plan.shape for key, plan in tuned.parts.get(part, {}).items()}
        if mine != theirs:
            raise AdapterError(
                f"{base.name} and {tuned.name} are models of different kinds: their {part} differs in shape"
            )


def _layers(source: Source, asked: ExtractRequest) -> dict[str, dict[str, nn.Linear | nn.Conv2d]]:
    """The layers that a LoRA changes, by part."""
    modules = build_without_weights(source.architecture)
    return {
        part: adapted_paths(modules[part], convolutions=asked.convolutions and part == "unet")
        for part in ("unet", *source.architecture.texts)
    }


def _difference(base: Source, tuned: Source, part: str, key: str) -> Tensor:
    return tuned.parts[part][key].make().float() - base.parts[part][key].make().float()


def _largest_difference(base: Source, tuned: Source, part: str) -> float:
    keys = base.parts[part]
    return max(_difference(base, tuned, part, key).abs().max().item() for key in keys)


def _sum_of_squares(base: Source, tuned: Source, part: str) -> float:
    keys = base.parts[part]
    return sum(sum_of_squares(_difference(base, tuned, part, key)) for key in keys)


def _factors(change: Tensor, rule: RankRule, sums: _Sums) -> Factors:
    singular = matrix_svd(change.flatten(1), max(rule.rank, rule.conv_rank))
    found = reduced(singular, tuple(change.shape[1:]), rule)
    sums.kept += found.kept
    sums.adapted += found.size
    return found.factors
