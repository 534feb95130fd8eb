"""The tensors of a safetensors file, each read when it is asked for."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from dreambooth.models.errors import CheckpointError
from dreambooth.models.streaming import DTYPES


class SafetensorsFile(Mapping[str, Tensor]):
    """An open file. A tensor is read into memory of its own, and is gone when nobody holds it any more.

    The library would map the file instead; what was looked at once would then count as memory until the
    file is closed. The library still judges whether the file is sound, and raises SafetensorError.
    """

    def __init__(self, path: Path) -> None:
        with safe_open(path, framework="pt") as judged:
            self.metadata: dict[str, str] = dict(judged.metadata() or {})
            self._names = tuple(judged.keys())
        self._file = path.open("rb")
        weakref.finalize(self, self._file.close)
        header_length = int.from_bytes(self._file.read(8), "little")
        self._begin = 8 + header_length
        self._header = json.loads(self._file.read(header_length))
        self.shapes = {name: tuple(self._header[name]["shape"]) for name in self._names}

    def dtype(self, name: str) -> torch.dtype:
        """The kind of numbers in a tensor, without reading it."""
        kind = self._header[name]["dtype"]
        if kind not in DTYPES:
            raise CheckpointError(f"{name} holds numbers of the kind {kind}, which cannot be read")
        return DTYPES[kind]

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.shapes:
            raise KeyError(name)
        begin, end = self._header[name]["data_offsets"]
        content = torch.empty(end - begin, dtype=torch.uint8)
        self._file.seek(self._begin + begin)
        if self._file.readinto(content.numpy().data) != end - begin:
            raise CheckpointError(f"{self._file.name} became shorter while it was read")
        return content.view(self.dtype(name)).reshape(self.shapes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
