"""The saved steps of a model: checkpoints and adapters in ``checkpoints/``, folders in ``snapshots/``."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import kohya_modules
from dreambooth.adapters.reading import read_adapter
from dreambooth.adapters.weight_change import group_keys, weight_change
from dreambooth.config.folders import ModelFolder
from dreambooth.models.architecture import Architecture
from dreambooth.models.configs import read_architecture
from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Model
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.load import load_model
from dreambooth.models.names import UNET
from dreambooth.models.single_file import read_checkpoint
from dreambooth.models.source import Source, expected_shapes
from dreambooth.tasks.job import Refused


@dataclass(frozen=True)
class SavedStep:
    """A result that a training saved."""

    path: Path
    is_checkpoint: bool  # or a snapshot, a whole model as well; else it is an adapter

    @property
    def num_steps(self) -> int | None:
        """Steps of the model's life, when the file's name tells them."""
        name = self.path.name if self.path.is_dir() else self.path.stem
        told = re.fullmatch(r".*_(\d+)", name)
        return int(told[1]) if told else None


def find_saved_step(folder: ModelFolder, weights: str) -> SavedStep:
    """The saved step at a path relative to the model's folder; raises Refused for any other file."""
    path = folder.path / weights
    if path.resolve().parent == folder.snapshots.resolve() and path.is_dir():
        return SavedStep(path, is_checkpoint=True)
    if path.resolve().parent not in (folder.checkpoints.resolve(), folder.snapshots.resolve()):
        raise Refused(
            f"{weights} is no saved step of {folder.name}: those lie in its folders checkpoints and snapshots"
        )
    if not path.is_file():
        raise Refused(f"{folder.name} has no saved step {weights} any more")
    shapes = read_checkpoint(path).shapes
    return SavedStep(path, is_checkpoint=any(name.startswith(UNET) for name in shapes))


def read_saved_adapter(step: SavedStep, architecture: Architecture) -> dict[str, Tensor]:
    """The tensors of a saved adapter; raises AdapterError when they do not go onto a model's weights."""
    tensors, places = read_adapter(step.path, architecture), kohya_modules(architecture)
    shapes = expected_shapes(architecture)
    for module, keys in group_keys(tensors).items():
        place, held = places[module], {suffix: tensors[key] for suffix, key in keys.items()}
        weight = torch.empty(shapes[place.part][f"{place.path}.weight"], device="meta")
        try:
            weight_change(held, weight)
        except (AdapterError, RuntimeError) as error:  # the second of factors that do not go together
            raise AdapterError(f"{step.path.name} does not fit this model: {module}: {error}") from None
    return tensors


def read_saved_checkpoint(step: SavedStep, architecture: Architecture) -> Source:
    """A saved checkpoint as a source; raises Refused when it is not of a model of this architecture.

    Its own marker tells whether it had learnt zero terminal SNR.
    """
    source = read_source(step.path, Wishes(predicts=architecture.predicts))
    told = replace(architecture, has_zero_terminal_snr=source.architecture.has_zero_terminal_snr)
    if replace(source.architecture, native_resolution=told.native_resolution) != told:
        raise Refused(
            f"{step.path.name} is a checkpoint of another kind of model; create one from it instead"
        )
    return replace(source, architecture=told)


def load_saved_checkpoint(step: SavedStep, folder: ModelFolder, dtype: torch.dtype) -> Model:
    """The model as it was at a saved step; for that long it lies in the model's cache, not in ``working``."""
    place = folder.cache / "saved_step"
    shutil.rmtree(place, ignore_errors=True)  # what a killed job left: one job runs at a time
    try:
        create_working(read_saved_checkpoint(step, read_architecture(folder.working)), place)
        return load_model(place, dtype)
    finally:
        shutil.rmtree(place, ignore_errors=True)
