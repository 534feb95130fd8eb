"""The shapes of a model's weights, read from the headers of its files by the standard library alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dreambooth.config.adapter_sizes import Shape
from dreambooth.config.folders import WEIGHT_FILES, ModelFolder
from dreambooth.config.store import ConfigError

LONGEST_HEADER_BYTES = 100_000_000  # what the format allows
NO_WEIGHTS = ("__metadata__", "position_ids")  # of old text encoders, numbers that never learn


def read_shapes(folder: ModelFolder) -> dict[str, Mapping[str, Shape]]:
    """Part → name in diffusers → shape; raises ConfigError when the weights cannot be read."""
    files = {part: folder.working / name for part, name in WEIGHT_FILES.items()}
    try:
        shapes = {part: _shapes_of(file) for part, file in files.items() if file.exists()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"the weights in {folder.working} cannot be read: {error}") from None
    if "unet" not in shapes:
        raise ConfigError(f"there are no weights in {folder.working}")
    return shapes


def _shapes_of(path: Path) -> Mapping[str, Shape]:
    status = path.stat()
    return _read_header(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _read_header(path: Path, _mtime_ns: int, size_bytes: int) -> Mapping[str, Shape]:
    """What the beginning of a safetensors file says; told anew when the file has changed."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(size_bytes, LONGEST_HEADER_BYTES):
            raise ValueError(f"{path.name} is no safetensors file")
        header = json.loads(file.read(length))
    return {name: tuple(told["shape"]) for name, told in header.items() if not name.endswith(NO_WEIGHTS)}
