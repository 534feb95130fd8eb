"""What a run needs to go on: weights, optimizer, average, counters. Safetensors and JSON, never a pickle.

A state is a folder that appears whole: ``state/latest.json`` names it, and changes only when it is complete.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from dreambooth.config.folders import RunFolder, written_whole
from dreambooth.models.streaming import require_space
from dreambooth.training.errors import StateError

POINTER = "latest.json"


@dataclass(frozen=True)
class Snapshot:
    """A run at a step boundary: named groups of tensors, and plain values."""

    step: int
    tensors: Mapping[str, Mapping[str, Tensor]]
    values: Mapping[str, Any] = field(default_factory=dict)


def _flush_folder(folder: Path) -> None:
    """Make renames and new names in ``folder`` survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def save_snapshot(run: RunFolder, snapshot: Snapshot) -> None:
    """Write the state; the previous one is removed only after the new one is in place. Raises NoSpace."""
    tensors_of_all = [tensor for tensors in snapshot.tensors.values() for tensor in tensors.values()]
    require_space(run.state, sum(tensor.numel() * tensor.element_size() for tensor in tensors_of_all))
    name = f"step-{snapshot.step:08d}"
    beside = run.state / f"{name}.partial"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for group, tensors in snapshot.tensors.items():
        file = beside / f"{group}.safetensors"
        save_file({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}, file)
        with file.open("rb+") as written:
            os.fsync(written.fileno())
    with written_whole(beside / "values.json") as values:
        json.dump({"step": snapshot.step, **snapshot.values}, values)
    _flush_folder(beside)
    final = run.state / name
    if final.exists():  # the same step saved twice, or a leftover of a kill just before the pointer moved
        name = f"{name}-{len(list(run.state.iterdir()))}"
        final = run.state / name
    beside.rename(final)
    with written_whole(run.state / POINTER) as pointer:
        json.dump({"folder": name}, pointer)
    _flush_folder(run.state)
    for other in run.state.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other)


def has_snapshot(run: RunFolder) -> bool:
    """Whether the run has a state to go on from."""
    return (run.state / POINTER).exists()


def load_snapshot(run: RunFolder) -> Snapshot | None:
    """The latest state, or None when the run had none yet; raises StateError when it is damaged."""
    if not has_snapshot(run):
        return None
    folder = run.state / json.loads((run.state / POINTER).read_text(encoding="utf-8"))["folder"]
    try:
        values = json.loads((folder / "values.json").read_text(encoding="utf-8"))
        tensors = {file.stem: load_file(file) for file in sorted(folder.glob("*.safetensors"))}
    except (OSError, ValueError, SafetensorError) as error:
        raise StateError(
            f"the state in {folder} is damaged ({error}); start a new run without --resume"
        ) from None
    return Snapshot(values.pop("step"), tensors, values)
