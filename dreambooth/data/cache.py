"""Tensors kept on disk under what they were made from, so that nothing stale is ever found."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from dreambooth.config.folders import written_whole
from dreambooth.data.buckets import Size
from dreambooth.data.looks import PLAIN, Look

LATENT_FORMAT = 1  # raise it when the way from a file to its latents changes


class TensorCache:
    """Named tensors by key: a file for each, those read last in memory too. May be deleted at any time."""

    def __init__(self, folder: Path, ram_limit_bytes: int = 2**30) -> None:
        self.folder = folder
        self.ram_limit_bytes = ram_limit_bytes
        self._recent: OrderedDict[str, dict[str, Tensor]] = OrderedDict()
        self._recent_bytes = 0

    def get(self, key: str) -> dict[str, Tensor] | None:
        """The tensors of a key on the CPU, not to be changed; None when they are missing or damaged."""
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key]
        try:
            data = self.file(key).read_bytes()
            tensors = safetensors.torch.load(data)
        except (FileNotFoundError, SafetensorError):
            return None
        if _noted_hash(data) != tensors_hash(tensors.items()):
            return None
        self._remember(key, tensors)
        return tensors

    def put(self, key: str, tensors: Mapping[str, Tensor]) -> None:
        """Keeps copies of the tensors; a kill leaves the whole file or none.

        They come into memory when they are read. Small tensors that stay while pictures come and go would
        leave gaps between them of the size of the pictures: fifty times their own.
        """
        kept = {
            name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, tensor in tensors.items()
        }
        data = safetensors.torch.save(kept, metadata={"hash": tensors_hash(kept.items())})
        # Its hash is checked whenever it is read. Waiting for the disk would take most of the time.
        with written_whole(self.file(key), "wb", flushed=False) as file:
            file.write(data)

    def file(self, key: str) -> Path:
        """Where a key's tensors are."""
        return self.folder / key[:2] / f"{key}.safetensors"

    def _remember(self, key: str, tensors: dict[str, Tensor]) -> None:
        self._recent_bytes += _num_bytes(tensors) - _num_bytes(self._recent.pop(key, {}))
        self._recent[key] = tensors
        while self._recent_bytes > self.ram_limit_bytes:
            _, oldest = self._recent.popitem(last=False)
            self._recent_bytes -= _num_bytes(oldest)


def latent_key(content_hash: str, size: Size, *, flipped: bool, look: Look = PLAIN, vae_hash: str) -> str:
    """The key of a picture's latents: 64 hexadecimal digits over everything that they depend on."""
    parts: tuple[object, ...] = (
        LATENT_FORMAT,
        content_hash,
        size.width_px,
        size.height_px,
        flipped,
        vae_hash,
    )
    parts = ("latents", *parts, *(() if look == PLAIN else (look,)))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def tensors_hash(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256 over names, types, shapes and values in any order, e.g. of ``vae.state_dict().items()``."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors, key=lambda pair: pair[0]):
        digest.update(repr((name, str(tensor.dtype), tuple(tensor.shape))).encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _noted_hash(data: bytes) -> str:
    """What ``put`` noted in the header of a safetensors file: its length in 8 bytes, then as much JSON."""
    length = int.from_bytes(data[:8], "little")
    noted = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    return str(noted.get("hash"))


def _num_bytes(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
