"""The modules of a LoRA file as two matrices, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.weight_change import group_keys, module_kind, module_scale
from dreambooth.models.single_file import Checkpoint, read_checkpoint
from dreambooth.tools.low_rank import RankRule, Singular, cut

UNFACTORED = ("dora_scale", "diff_b")


@dataclass(frozen=True)
class Factors:
    """What is added to one weight: up · down, alpha and strength included."""

    up: Tensor  # (out, rank)
    down: Tensor  # (rank, inputs)
    kernel: tuple[int, ...]  # the shape of the weight without its outputs: (in,) or (in, k, k)

    @property
    def rank(self) -> int:
        """Rows of down."""
        return self.down.shape[0]

    @property
    def is_conv(self) -> bool:
        """Whether the kernel is larger than one pixel."""
        return is_large_kernel(self.kernel)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """As files have them; alpha is the rank, so that nothing is scaled."""
        up = self.up.reshape(*self.up.shape, *[1] * (len(self.kernel) - 1))
        return {
            "lora_down.weight": self.down.reshape(self.rank, *self.kernel),
            "lora_up.weight": up,
            "alpha": torch.tensor(float(self.rank)),
        }


def is_large_kernel(kernel: tuple[int, ...]) -> bool:
    """Whether it looks at more than one pixel."""
    return any(side > 1 for side in kernel[1:])


@dataclass(frozen=True)
class Reduced:
    """Factors of fewer ranks, and sums of squares: of the weights' change now, and of what it was."""

    factors: Factors
    kept: float
    size: float


def reduced(singular: Singular, kernel: tuple[int, ...], rule: RankRule) -> Reduced:
    """The largest singular values of a change, as many as the rule says."""
    rank = rule.choose(singular.values, is_conv=is_large_kernel(kernel))
    squares = singular.values.square()
    return Reduced(Factors(*cut(singular, rank), kernel), squares[:rank].sum().item(), squares.sum().item())


def factors_of(tensors: Mapping[str, Tensor]) -> Factors:
    """The factors of a module's tensors; raises AdapterError for what is no plain LoRA."""
    if module_kind(tensors) != "lora" or any(name in tensors for name in UNFACTORED):
        raise AdapterError("only LoRA can be taken apart into two matrices")
    up = module_scale(tensors) * tensors["lora_up.weight"].float().flatten(1)
    down = tensors["lora_down.weight"].float()
    if "lora_mid.weight" in tensors:  # a convolution whose kernel lies between two of one pixel
        down = torch.einsum("mnkl,ni->mikl", tensors["lora_mid.weight"].float(), down.flatten(1))
    return Factors(up, down.flatten(1), tuple(down.shape[1:]))


def read_kohya_file(path: Path) -> Checkpoint:
    """A file in kohya's names, of whatever kind of adapter."""
    file = read_checkpoint(path)
    if not all(name.startswith(("lora_unet_", "lora_te")) for name in file.shapes):
        raise AdapterError(
            f"{path.name} is no LoRA file in kohya's names; in those of diffusers it has to go "
            "through lora convert first"
        )
    return file


def read_factors(file: Checkpoint) -> dict[str, Factors]:
    """All modules of a LoRA file by their names."""
    return {module: _read_module(file, module, keys) for module, keys in group_keys(file.shapes).items()}


def _read_module(file: Checkpoint, module: str, keys: Mapping[str, str]) -> Factors:
    try:
        return factors_of({suffix: file.tensors[key] for suffix, key in keys.items()})
    except AdapterError as error:
        raise AdapterError(
            f"{module} in {file.path.name} is no plain LoRA, and cannot be taken apart: bake it into a "
            "checkpoint (lora bake) and extract a LoRA from the two (lora extract)"
        ) from error


def file_dtype(file: Checkpoint) -> torch.dtype:
    """The precision of a LoRA file."""
    return next(file.dtype(name) for name in file.shapes if name.endswith("lora_down.weight"))
