"""A model that is not loaded: its architecture, and its tensors, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dreambooth.models.architecture import Architecture
from dreambooth.models.configs import build_without_weights
from dreambooth.models.single_file import Checkpoint
from dreambooth.models.streaming import Planned

Shapes = Mapping[str, tuple[int, ...]]
Parts = Mapping[str, Mapping[str, Planned]]  # part → diffusers name → tensor


@dataclass(frozen=True, kw_only=True)
class Source:
    """A model in a file or a folder."""

    name: str  # for people
    architecture: Architecture
    parts: Parts
    extra: Mapping[str, Planned]  # original name → what of a checkpoint has no place in diffusers

    @property
    def num_bytes(self) -> int:
        """Size of all its tensors."""
        everything = [*self.parts.values(), self.extra]
        return sum(planned.num_bytes for tensors in everything for planned in tensors.values())


@lru_cache(maxsize=8)
def expected_shapes(architecture: Architecture) -> Mapping[str, Shapes]:
    """Names and shapes of all weights of each part, in diffusers."""
    return {
        part: {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
        for part, module in build_without_weights(architecture).items()
    }


def fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a tensor is what is wanted; a linear layer may be written as a convolution of one pixel."""
    return shape == wanted or shape == (*wanted, 1, 1) or (*shape, 1, 1) == wanted


def planned_tensor(checkpoint: Checkpoint, name: str) -> Planned:
    """A tensor of a file, to be read when its turn comes."""
    return Planned(checkpoint.dtype(name), checkpoint.shapes[name], lambda: checkpoint.tensors[name])
