"""Where each part's weights are in an original checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from dreambooth.models.keys import (
    Modules,
    inverse,
    is_vae_attention_weight,
    rename,
    unet_modules,
    vae_modules,
)

TEXT_PREFIX = "cond_stage_model.transformer."
POSITION_IDS = TEXT_PREFIX + "text_model.embeddings.position_ids"
EMA_PREFIX = "model_ema."


@dataclass(frozen=True)
class CheckpointNames:
    """For each part a table of modules, original → diffusers, prefixes included."""

    modules: Mapping[str, Modules]

    def find(self, key: str) -> tuple[str, str] | None:
        """The part and diffusers name of an original name, or None when no part has a place for it."""
        for part, table in self.modules.items():
            name = rename(key, table)
            if name is not None:
                return part, name
        return None

    def original(self, part: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A part's weights, diffusers name → tensor, as the original checkpoint has them."""
        table = inverse(self.modules[part])
        renamed: dict[str, Tensor] = {}
        for key, tensor in weights.items():
            name = rename(key, table)
            if name is None:
                raise KeyError(f"{key} has no place in the {part} of an original checkpoint")
            is_flat = part == "vae" and is_vae_attention_weight(key) and tensor.ndim == 2
            renamed[name] = tensor[:, :, None, None] if is_flat else tensor
        return renamed


def sd1_names(
    attention: Sequence[bool], unet_resnets: int, vae_levels: int, vae_resnets: int
) -> CheckpointNames:
    """Stable Diffusion 1.x: ``model.diffusion_model``, ``first_stage_model``, ``cond_stage_model``."""
    return CheckpointNames(
        {
            "unet": _prefixed("model.diffusion_model.", unet_modules(attention, unet_resnets)),
            "vae": _prefixed("first_stage_model.", vae_modules(vae_levels, vae_resnets)),
            "text_encoder": {f"{TEXT_PREFIX}text_model": "text_model"},
        }
    )


def _prefixed(prefix: str, modules: Modules) -> Modules:
    return {prefix + original: diffusers for original, diffusers in modules.items()}


def modern_spelling(key: str) -> str:
    """Text encoder names with the ``text_model.`` level that the oldest files lack; others as they are."""
    inner = key.removeprefix(TEXT_PREFIX)
    if inner == key or inner.startswith("text_model."):
        return key
    return f"{TEXT_PREFIX}text_model.{inner}"
