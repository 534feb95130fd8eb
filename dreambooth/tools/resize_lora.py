"""A LoRA of lower rank that does nearly the same."""

from __future__ import annotations

from pathlib import Path

import torch

from dreambooth.tools.factors import Reduced, file_dtype, read_factors, read_kohya_file, reduced
from dreambooth.tools.lora_output import WrittenLora, commented, kept_share, tensors_of, write_lora
from dreambooth.tools.low_rank import RankRule, product_svd
from dreambooth.tools.parent import Progress


def resize_lora(
    path: Path, rule: RankRule, to: Path, dtype: torch.dtype | None, progress: Progress
) -> WrittenLora:
    """Keep the largest singular values of every module, as many as the rule says."""
    file = read_kohya_file(path)
    before = read_factors(file)
    modules: dict[str, Reduced] = {}
    for number, (name, factors) in enumerate(before.items(), 1):
        modules[name] = reduced(product_svd(factors.up, factors.down), factors.kernel, rule)
        progress(number, len(before))
    kept = kept_share(modules.values())
    told = commented(file.metadata, f"resized from {path.name}, {kept:.2%} of the norm kept")
    factors_now = {name: module.factors for name, module in modules.items()}
    return write_lora(to, tensors_of(factors_now), told, dtype or file_dtype(file), kept=kept)
