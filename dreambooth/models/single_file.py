"""Checkpoint files: named tensors with a few words of metadata, read lazily and written whole."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from dreambooth.models.errors import CheckpointError
from dreambooth.models.safetensors_file import SafetensorsFile
from dreambooth.models.streaming import (
    Planned,
    appearing_whole,
    refuse_nan,
    require_space,
    write_safetensors,
)

ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"
# What torch.load raises when bytes are missing or make no sense.
TORCH_LOAD_ERRORS = (RuntimeError, OSError, EOFError, ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True)
class Checkpoint:
    """A file's tensors by name; from safetensors and zipped pickles each is read when it is asked for."""

    path: Path
    tensors: Mapping[str, Tensor]
    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]

    def dtype(self, name: str) -> torch.dtype:
        """The kind of numbers in a tensor; of safetensors without reading it."""
        tensors = self.tensors
        return tensors.dtype(name) if isinstance(tensors, SafetensorsFile) else tensors[name].dtype


class _Ignored:
    """Stands for classes that old training dumps mention and nobody needs."""


def _harmless_globals() -> list[Any]:
    """What may stand in a pickle beside tensors: numpy's numbers, and Lightning's notes as empty stubs."""
    scalar = np.float64(0).__reduce__()[0]
    number_types = [type(np.dtype(code)) for code in ("f8", "f4", "i8", "i4", "?")]
    stub = (_Ignored, "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint")
    return [
        stub,
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *number_types,
    ]


def _read_pickle(path: Path, *, zipped: bool) -> object:
    """Whatever ``torch.save`` wrote, as long as it is plain data and tensors."""
    try:
        with torch.serialization.safe_globals(_harmless_globals()), path.open("rb") as file:
            if zipped and path.suffix != ".safetensors":  # by that suffix torch would take another reader
                return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        forbidden = re.search(r"GLOBAL (\S+)", str(error))
        what = (
            f"wants to run code ({forbidden[1]})" if forbidden else "holds more than tensors, or is damaged,"
        )
        raise CheckpointError(f"{path.name} {what} and is not opened; get it as .safetensors") from error
    except TORCH_LOAD_ERRORS as error:
        raise CheckpointError(f"{path.name} is damaged or incomplete; copy or download it again") from error


def _unwrap(content: object, path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors of a pickle, out of any ``state_dict`` around them, and the plain values found on the way."""
    metadata: dict[str, str] = {}
    while isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        metadata |= {
            str(key): str(value) for key, value in content.items() if isinstance(value, str | int | float)
        }
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise CheckpointError(f"{path.name} holds a {type(content).__name__} and no named tensors")
    named = {
        key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)
    }
    return {key: value.detach() for key, value in named.items()}, metadata


def _is_safetensors(start: bytes) -> bool:
    """Whether the first nine bytes are the length of a JSON header and its opening brace."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 100 * 2**20


def read_checkpoint(path: Path) -> Checkpoint:
    """The tensors of a ``.safetensors``, ``.ckpt`` or ``.pt`` file; its content tells which, not its name."""
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if not start:
        raise CheckpointError(f"{path.name} is empty")
    if _is_safetensors(start):
        try:
            opened = SafetensorsFile(path)
        except SafetensorError as error:
            raise CheckpointError(
                f"{path.name} is damaged or incomplete; copy or download it again"
            ) from error
        checkpoint = Checkpoint(path, opened, opened.shapes, opened.metadata)
    elif start.startswith((ZIP_MAGIC, PICKLE_MAGIC)):
        tensors, metadata = _unwrap(_read_pickle(path, zipped=start.startswith(ZIP_MAGIC)), path)
        checkpoint = Checkpoint(
            path, tensors, {name: tuple(t.shape) for name, t in tensors.items()}, metadata
        )
    else:
        raise CheckpointError(f"{path.name} is not a checkpoint: neither safetensors nor a torch file")
    if not checkpoint.tensors:
        raise CheckpointError(f"{path.name} holds no tensors")
    return checkpoint


def _on_cpu(tensor: Tensor) -> Tensor:
    """The tensor alone in its memory; of a view ``torch.save`` would write all that is behind it."""
    tensor = tensor.detach().cpu().contiguous()
    return tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone()


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write ``.safetensors`` or ``.ckpt``, by the suffix; the file appears complete or not at all."""
    write_planned(path, {name: Planned.of(tensor) for name, tensor in tensors.items()}, metadata)


def write_planned(path: Path, planned: Mapping[str, Planned], metadata: Mapping[str, str]) -> None:
    """The same of tensors that are made one by one; for ``.ckpt`` all of them have to be in memory."""
    if path.suffix == ".safetensors":
        write_safetensors(path, planned, metadata)
    elif path.suffix == ".ckpt":
        _write_pickle(path, {name: plan.make() for name, plan in planned.items()}, metadata)
    else:
        raise CheckpointError(f"{path.name} must end with .safetensors or .ckpt")


def _write_pickle(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """What ``torch.save`` writes, which needs everything in memory."""
    require_space(path.parent, sum(tensor.nbytes for tensor in tensors.values()))
    for name, tensor in tensors.items():
        refuse_nan(name, tensor)
    on_cpu = {name: _on_cpu(tensor) for name, tensor in tensors.items()}
    try:
        with appearing_whole(path) as beside:
            torch.save({"state_dict": on_cpu, **metadata}, beside)
    except (OSError, RuntimeError) as error:  # the second is how torch says it
        raise CheckpointError(f"{path} cannot be written: {error}") from error
