"""Several LoRAs made into one that does what they do together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from dreambooth.adapters.errors import AdapterError
from dreambooth.models.single_file import Checkpoint
from dreambooth.tools.factors import Factors, Reduced, file_dtype, read_factors, read_kohya_file, reduced
from dreambooth.tools.lora_output import (
    ABOUT_THE_BASE,
    WrittenLora,
    commented,
    kept_share,
    tensors_of,
    write_lora,
)
from dreambooth.tools.low_rank import RankRule, product_svd
from dreambooth.tools.parent import Progress
from dreambooth.tools.weighted import Weighted

VERSION = "ss_base_model_version"
ORIGINAL_NAMES = re.compile(r"lora_unet_(input|middle|output)_block")


def merge_loras(
    loras: Sequence[Weighted],
    rule: RankRule | None,
    to: Path,
    dtype: torch.dtype | None,
    progress: Progress,
) -> WrittenLora:
    """The sum of all, each by its strength.

    Without a rule it is exact, and ranks add up; with one the largest singular values of the sum are kept.
    """
    if len(loras) < 2:
        raise AdapterError("merging takes two LoRA files at least")
    files = [read_kohya_file(lora.path) for lora in loras]
    _refuse_other_kinds(files)
    summands: dict[str, list[Factors]] = {}
    for file, lora in zip(files, loras, strict=True):
        for name, factors in read_factors(file).items():
            summands.setdefault(name, []).append(_times(factors, lora.of_part(_part(name))))
    modules: dict[str, Reduced] = {}
    for number, name in enumerate(sorted(summands), 1):
        modules[name] = _sum(name, summands[name], rule)
        progress(number, len(summands))
    kept = kept_share(modules.values())
    words = ", ".join(lora.words for lora in loras)
    told = commented(_common([file.metadata for file in files]), f"merged from {words}")
    told["modelspec.merged_from"] = ", ".join(lora.path.name for lora in loras)
    factors_now = {name: module.factors for name, module in modules.items()}
    return write_lora(to, tensors_of(factors_now), told, dtype or file_dtype(files[0]), kept=kept)


def _refuse_other_kinds(files: Sequence[Checkpoint]) -> None:
    """All must be for the same kind of model, and name its layers alike."""
    versions = {file.metadata[VERSION]: file.path.name for file in files if VERSION in file.metadata}
    if len(versions) > 1:
        told = ", ".join(f"{name} for {version}" for version, name in versions.items())
        raise AdapterError(f"these LoRA files are made for different models: {told}")
    unets = [[name for name in file.shapes if name.startswith("lora_unet_")] for file in files]
    kinds = {bool(ORIGINAL_NAMES.match(names[0])) for names in unets if names}
    if len(kinds) > 1:
        raise AdapterError(
            "these LoRA files name the same layers differently; convert them with lora convert first"
        )


def _part(module: str) -> str:
    return "unet" if module.startswith("lora_unet_") else "text"


def _times(factors: Factors, strength: float) -> Factors:
    return Factors(strength * factors.up, factors.down, factors.kernel)


def _sum(name: str, summands: Sequence[Factors], rule: RankRule | None) -> Reduced:
    """One module: side by side, and cut to the rule's rank if there is one."""
    kernel = summands[0].kernel
    for other in summands[1:]:
        if (other.up.shape[0], _without_pixel(other.kernel)) != (
            summands[0].up.shape[0],
            _without_pixel(kernel),
        ):
            raise AdapterError(
                f"{name} has other shapes in these LoRA files: they are made for different models"
            )
    up = torch.cat([factors.up for factors in summands], dim=1)
    down = torch.cat([factors.down for factors in summands])
    if rule is None:
        return Reduced(Factors(up, down, kernel), 1.0, 1.0)
    return reduced(product_svd(up, down), kernel, rule)


def _without_pixel(kernel: tuple[int, ...]) -> tuple[int, ...]:
    """A linear layer may be written as a convolution of one pixel."""
    return kernel[:1] if kernel[1:] == (1, 1) else kernel


def _common(metadata: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What all files say alike of the model that they are for."""
    return {
        key: metadata[0][key]
        for key in ABOUT_THE_BASE
        if key in metadata[0] and all(told.get(key) == metadata[0][key] for told in metadata)
    }
