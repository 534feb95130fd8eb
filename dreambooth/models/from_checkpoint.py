"""Reads an original checkpoint: which of its tensors is which weight."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.architecture import Architecture
from dreambooth.models.detect import detect_architecture
from dreambooth.models.family import Prediction
from dreambooth.models.names import (
    VAE,
    CheckpointNames,
    Home,
    ema_name,
    is_position_ids,
    modern_spelling,
    names_of,
)
from dreambooth.models.prediction import ZERO_SNR_MARKER, find_prediction
from dreambooth.models.single_file import Checkpoint, CheckpointError, read_checkpoint
from dreambooth.models.source import Shapes, Source, expected_shapes, fits, planned_tensor
from dreambooth.models.streaming import Planned


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user says of a source; None: found out."""

    predicts: Prediction | None = None
    zero_terminal_snr: bool | None = None
    use_ema: bool = False  # take the averaged weights for the U-Net, which draw better but train worse
    vae: Path | None = None  # a file whose VAE stands in for the source's


def read_single_file(path: Path, wishes: Wishes) -> Source:
    """The model in a checkpoint file. Raises CheckpointError with one sentence."""
    checkpoint = read_checkpoint(path)
    shapes = {modern_spelling(name): shape for name, shape in checkpoint.shapes.items()}
    architecture = detect_architecture(
        shapes,
        checkpoint.metadata,
        wishes.predicts or find_prediction(checkpoint, path.with_suffix(".yaml")),
        has_zero_terminal_snr=_choose(wishes.zero_terminal_snr, ZERO_SNR_MARKER in shapes),
    )
    names, expected = names_of(architecture), expected_shapes(architecture)
    homes, extra = _find_homes(checkpoint, names, expected)
    _refuse_gaps(homes, names, expected)
    if wishes.use_ema:
        homes["unet"] = _averages(homes["unet"], checkpoint)
    parts = {
        part: {
            key: _planned(checkpoint, name, home, expected[part][key]) for key, (name, home) in found.items()
        }
        for part, found in homes.items()
    }
    return Source(
        name=path.name,
        architecture=architecture,
        parts=parts,
        extra=dict(_planned_extra(checkpoint, name) for name in extra),
    )


def _choose(told: bool | None, found: bool) -> bool:  # noqa: FBT001 - a choice between two
    return found if told is None else told


_Homes = dict[str, dict[str, tuple[str, Home]]]  # part → diffusers name → name in the file, and what of it


def _find_homes(
    checkpoint: Checkpoint, names: CheckpointNames, expected: Mapping[str, Shapes]
) -> tuple[_Homes, list[str]]:
    """Every expected weight found with its shape; the names of everything else."""
    homes: _Homes = {part: {} for part in expected}
    extra: list[str] = []
    for name, shape in checkpoint.shapes.items():
        found = [home for home in names.find(modern_spelling(name)) if home.key in expected[home.part]]
        if not found:
            extra.append(name)
        for home in found:
            wanted = home.source_shape(expected[home.part][home.key])
            if not fits(shape, wanted):
                raise CheckpointError(f"{name} has the shape {list(shape)} where {list(wanted)} belongs")
            homes[home.part][home.key] = (name, home)
    return homes, extra


def _refuse_gaps(homes: _Homes, names: CheckpointNames, expected: Mapping[str, Shapes]) -> None:
    for part, wanted in expected.items():
        missing = sorted(wanted.keys() - homes[part].keys())
        if missing:
            first = next(iter(names.origins(part, missing[:1])))
            raise CheckpointError(
                f"the checkpoint is incomplete: it lacks {len(missing)} weights, e.g. {first}"
            )


def _averages(unet: Mapping[str, tuple[str, Home]], checkpoint: Checkpoint) -> dict[str, tuple[str, Home]]:
    """The same weights of the U-Net in the checkpoint's EMA."""
    averages = {key: (ema_name(name), home) for key, (name, home) in unet.items()}
    for key, (name, _) in averages.items():
        if checkpoint.shapes.get(name) != checkpoint.shapes[unet[key][0]]:
            raise CheckpointError(f"the checkpoint has no EMA weights to use: it lacks {name} in this shape")
    return averages


def _planned(checkpoint: Checkpoint, name: str, home: Home, shape: tuple[int, ...]) -> Planned:
    def make() -> Tensor:
        return home.take(checkpoint.tensors[name]).reshape(shape)

    return Planned(checkpoint.dtype(name), shape, make)


def _planned_extra(checkpoint: Checkpoint, name: str) -> tuple[str, Planned]:
    """A tensor to keep aside; position ids are made whole numbers again."""
    if not is_position_ids(modern_spelling(name)):
        return name, planned_tensor(checkpoint, name)
    shape = checkpoint.shapes[name]
    return modern_spelling(name), Planned.of(torch.arange(math.prod(shape)).reshape(shape))


def read_vae(path: Path, architecture: Architecture) -> dict[str, Planned]:
    """The VAE in a file, by its diffusers names: a VAE alone, in either spelling, or a whole checkpoint."""
    checkpoint = read_checkpoint(path)
    names, expected = names_of(architecture), expected_shapes(architecture)["vae"]
    found: dict[str, Planned] = {}
    for name, shape in checkpoint.shapes.items():
        homes = names.find(name) or names.find(VAE + name)
        for key in (name, *(home.key for home in homes if home.part == "vae")):
            if key in expected and fits(shape, expected[key]):
                found[key] = _planned(checkpoint, name, Home("vae", key), expected[key])
    if missing := sorted(expected.keys() - found.keys()):
        raise CheckpointError(
            f"{path.name} is no VAE for this model: {len(missing)} weights are missing or of another shape, "
            f"e.g. {missing[0]}"
        )
    return found
