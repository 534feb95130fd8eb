"""The checkpoints that a new one is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from dreambooth.models.detect import find_stranger
from dreambooth.models.errors import CheckpointError
from dreambooth.models.names import UNET, is_position_ids, modern_spelling
from dreambooth.models.single_file import read_checkpoint
from dreambooth.models.source import Parts
from dreambooth.models.streaming import Planned

FIRST_LAYER = f"{UNET}input_blocks.0.0.weight"
Key = TypeVar("Key")
Progress = Callable[[int, int], None]  # done, total


class Parent:
    """A full checkpoint; its tensors by their names, those of the oldest text encoders in modern spelling."""

    def __init__(self, path: Path) -> None:
        checkpoint = read_checkpoint(path)
        if (stranger := find_stranger(checkpoint.shapes)) is not None:
            raise CheckpointError(f"{path.name} is {stranger}")
        if FIRST_LAYER not in checkpoint.shapes:
            raise CheckpointError(f"{path.name} is no Stable Diffusion checkpoint: it has no {FIRST_LAYER}")
        self.path = path
        self.metadata = checkpoint.metadata
        self._checkpoint = checkpoint
        self._names = {modern_spelling(name): name for name in checkpoint.shapes}
        self.shapes: Mapping[str, tuple[int, ...]] = {
            name: checkpoint.shapes[stored] for name, stored in self._names.items()
        }

    def dtype(self, name: str) -> torch.dtype:
        """The kind of numbers in a tensor."""
        return self._checkpoint.dtype(self._names[name])

    def tensor(self, name: str) -> Tensor:
        """A tensor, read now."""
        return self._checkpoint.tensors[self._names[name]]


def is_weight(parent: Parent, name: str) -> bool:
    """Whether a tensor is a weight of a network, and neither the noise schedule nor numbers of positions."""
    return "model" in name and not is_position_ids(name) and parent.dtype(name).is_floating_point


def written_dtype(parent: Parent, name: str, asked: torch.dtype | None) -> torch.dtype:
    """In which precision a tensor is written: weights as asked, all else as it is."""
    return asked if asked and is_weight(parent, name) else parent.dtype(name)


def counted(planned: Mapping[Key, Planned], progress: Progress) -> dict[Key, Planned]:
    """The same, telling how many have been made."""
    num_made = 0

    def make_and_tell(plan: Planned) -> Tensor:
        nonlocal num_made
        tensor = plan.make()
        num_made += 1
        progress(num_made, len(planned))
        return tensor

    return {name: replace(plan, make=partial(make_and_tell, plan)) for name, plan in planned.items()}


def counted_parts(parts: Parts, progress: Progress) -> Parts:
    """The same of all parts of a model together."""
    flat = {(part, key): plan for part, plans in parts.items() for key, plan in plans.items()}
    told = counted(flat, progress)
    return {part: {key: told[part, key] for key in plans} for part, plans in parts.items()}


def refuse_other_architectures(primary: Parent, others: Sequence[Parent]) -> None:
    """All must have the same U-Net; whatever else two have must have the same shape in both.

    Only the primary one may take more input channels, as inpainting models do.
    """
    for one, other in zip((primary, *others), others, strict=False):
        _refuse_other_unet(one, other)
        for name in one.shapes.keys() & other.shapes.keys():
            mine, theirs = one.shapes[name], other.shapes[name]
            is_known = one is primary and _is_wider_input(name, mine, theirs)
            if "model" not in name or mine == theirs or is_known:
                continue
            what = "they are models of different kinds"
            if one is primary and _is_wider_input(name, theirs, mine):
                what = f"give {other.path.name}, which takes more input channels, as the first"
            raise CheckpointError(
                f"{name} has the shape {list(mine)} in {one.path.name} and {list(theirs)} in "
                f"{other.path.name}: {what}"
            )


def _refuse_other_unet(one: Parent, other: Parent) -> None:
    for has, lacks in ((one, other), (other, one)):
        for name in has.shapes.keys() - lacks.shapes.keys():
            if name.startswith(UNET):
                raise CheckpointError(
                    f"{one.path.name} and {other.path.name} are models of different kinds: "
                    f"{lacks.path.name} lacks {name}"
                )


def _is_wider_input(name: str, mine: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    """Whether the first layer takes more channels, and is the same but for that."""
    is_same_else = len(mine) == len(theirs) == 4 and (mine[0], mine[2:]) == (theirs[0], theirs[2:])
    return name == FIRST_LAYER and is_same_else and mine[1] > theirs[1]
