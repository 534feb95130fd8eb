"""Writes the LoRA files that tools make, with what their metadata must say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.file_facts import network_facts
from dreambooth.adapters.lora_file import file_hashes
from dreambooth.adapters.weight_change import group_keys, module_rank
from dreambooth.models.export import cast_float
from dreambooth.models.single_file import write_checkpoint
from dreambooth.tools.factors import Factors, Reduced

# What stays true of a LoRA, whatever is done with it, as long as it is for the same models.
ABOUT_THE_BASE = (
    "ss_v2",
    "ss_base_model_version",
    "ss_sd_model_name",
    "ss_sd_model_hash",
    "ss_new_sd_model_hash",
    "ss_vae_name",
    "ss_vae_hash",
    "ss_new_vae_hash",
    "ss_clip_skip",
    "modelspec.sai_model_spec",
    "modelspec.architecture",
    "modelspec.implementation",
    "modelspec.resolution",
    "modelspec.prediction_type",
    "modelspec.encoder_layer",
)
# What never does.
ABOUT_THE_FILE = (
    "sshs_model_hash",
    "sshs_legacy_hash",
    "modelspec.hash_sha256",
    "modelspec.thumbnail",
)
COMMENT = "ss_training_comment"


@dataclass(frozen=True, kw_only=True)
class WrittenLora:
    """What was written."""

    path: Path
    num_bytes: int
    num_modules: int
    ranks: tuple[int, int]  # the smallest and the largest; 0: nothing is factored
    kept: float  # share of the Frobenius norm of all changes together


def tensors_of(modules: Mapping[str, Factors]) -> dict[str, Tensor]:
    """Modules by their names as files have them."""
    return {
        f"{module}.{suffix}": tensor
        for module, factors in sorted(modules.items())
        for suffix, tensor in factors.tensors.items()
    }


def write_lora(
    to: Path,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    dtype: torch.dtype,
    *,
    kept: float = 1.0,
) -> WrittenLora:
    """Write tensors in kohya's names with ``metadata``, to which ranks, names, date and hashes are added."""
    if to.suffix != ".safetensors":
        raise AdapterError(f"{to.name} must end with .safetensors")
    cast = {name: cast_float(name, tensor, dtype).contiguous() for name, tensor in tensors.items()}
    told = {
        **{key: value for key, value in metadata.items() if key not in ABOUT_THE_FILE},
        **network_facts(cast),
        "ss_output_name": to.stem,
        "modelspec.title": to.stem,
        "modelspec.date": datetime.now().replace(microsecond=0).isoformat(),
    }
    hashes = file_hashes(cast, {key: value for key, value in told.items() if key.startswith("ss_")})
    write_checkpoint(to, cast, {**told, **hashes})
    modules = group_keys(cast)
    ranks = [
        module_rank({suffix: cast[key] for suffix, key in keys.items()}) or 0 for keys in modules.values()
    ]
    return WrittenLora(
        path=to,
        num_bytes=to.stat().st_size,
        num_modules=len(modules),
        ranks=(min(ranks), max(ranks)),
        kept=kept,
    )


def kept_share(modules: Iterable[Reduced]) -> float:
    """Which share of the Frobenius norm of all changes together is left."""
    sums = [(module.kept, module.size) for module in modules]
    size = sum(size for _, size in sums)
    return min(1.0, (sum(kept for kept, _ in sums) / size) ** 0.5) if size else 1.0


def commented(metadata: Mapping[str, str], words: str) -> dict[str, str]:
    """The metadata with a further remark on what was done."""
    before = metadata.get(COMMENT, "")
    return {**metadata, COMMENT: words if before in ("", "None") else f"{before}; {words}"}
