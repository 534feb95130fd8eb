"""Safetensors files written tensor by tensor: only one of them has to be in memory."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.errors import CheckpointError, NoSpace

# The names of dtypes in a file, in the order in which safetensors stores them: the widest first.
DTYPES = {
    "U64": torch.uint64,
    "I64": torch.int64,
    "F64": torch.float64,
    "C64": torch.complex64,
    "F32": torch.float32,
    "U32": torch.uint32,
    "I32": torch.int32,
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "U16": torch.uint16,
    "I16": torch.int16,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
ORDER = {dtype: place for place, dtype in enumerate(DTYPES.values())}
HEADER_ALIGNMENT_BYTES = 8
HASH_TO_COME = "0x" + 64 * "0"  # SHA-256, as the specification of Stability AI writes it
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
SPARE_BYTES = 16 * 2**20  # what a header and the file system may need besides the tensors


@dataclass(frozen=True)
class Planned:
    """A tensor that is made when its turn to be written comes, and dropped afterwards."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    make: Callable[[], Tensor]

    @property
    def num_bytes(self) -> int:
        """What it takes in the file."""
        return math.prod(self.shape) * self.dtype.itemsize

    @classmethod
    def of(cls, tensor: Tensor) -> Planned:
        """One that is there already."""
        return cls(tensor.dtype, tuple(tensor.shape), lambda: tensor)


def write_safetensors(path: Path, planned: Mapping[str, Planned], metadata: Mapping[str, str]) -> None:
    """Write a ``.safetensors`` file; it appears complete or not at all.

    A value HASH_TO_COME in ``metadata`` becomes the hash of all that follows the header. Raises
    CheckpointError with one sentence. What ``make`` raises travels on, and nothing stays behind.
    """
    header, names = _layout(planned, metadata)
    is_hashed = HASH_TO_COME in metadata.values()
    require_space(path.parent, len(header) + sum(plan.num_bytes for plan in planned.values()))
    try:
        with (
            ThreadPoolExecutor(max_workers=1) as beside_us,
            appearing_whole(path) as beside,
            beside.open("wb") as file,
        ):
            file.write(header)
            digest = hashlib.sha256()
            for name in names:
                content = _bytes_of(name, planned[name])
                hashing = beside_us.submit(digest.update, content) if is_hashed else None
                file.write(content)
                if hashing:
                    hashing.result()
            if is_hashed:
                file.seek(header.index(HASH_TO_COME.encode()))
                file.write(f"0x{digest.hexdigest()}".encode())
    except OSError as error:
        kind = NoSpace if error.errno in DISK_FULL else CheckpointError
        raise kind(f"{path} cannot be written: {error.strerror or error}") from error


def _layout(planned: Mapping[str, Planned], metadata: Mapping[str, str]) -> tuple[bytes, list[str]]:
    """Length and header, as they stand at the beginning of the file, and the order of the tensors."""
    for name, plan in planned.items():
        if plan.dtype not in NAMES:
            raise CheckpointError(f"{name} is of the kind {plan.dtype}, for which safetensors has no name")
    if not all(isinstance(text, str) for text in (*metadata.keys(), *metadata.values())):
        raise TypeError("metadata of safetensors are strings")
    names = sorted(planned, key=lambda name: (ORDER[planned[name].dtype], name))
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name in names:
        plan, begin = planned[name], end
        end = begin + plan.num_bytes
        header[name] = {
            "dtype": NAMES[plan.dtype],
            "shape": list(plan.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % HEADER_ALIGNMENT_BYTES)
    return len(text).to_bytes(8, "little") + text, names


def _bytes_of(name: str, plan: Planned) -> memoryview:
    tensor = plan.make().detach()
    if (tensor.dtype, tuple(tensor.shape)) != (plan.dtype, plan.shape):
        raise ValueError(f"{name} was planned as {plan.dtype} {plan.shape}: {tensor.dtype} {tensor.shape}")
    refuse_nan(name, tensor)
    return tensor.cpu().contiguous().flatten().view(torch.uint8).numpy().data


def refuse_nan(name: str, tensor: Tensor) -> None:
    """Refuse weights that are not numbers: every picture would be black."""
    if tensor.is_floating_point() and tensor.numel() and bool(_greatest(tensor).isnan()):
        raise CheckpointError(f"{name} holds NaN, which is no number, so nothing is written")


def _greatest(tensor: Tensor) -> Tensor:
    """The greatest number, which is none when any is none: a twentieth of the time of looking at each."""
    return (tensor.half() if tensor.dtype.itemsize == 1 else tensor).max()


def require_space(folder: Path, num_bytes: int) -> None:
    """Refuse when ``folder``, which need not exist yet, has no room for so many bytes."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    free = shutil.disk_usage(existing).free
    if free < num_bytes + SPARE_BYTES:
        raise NoSpace(
            f"{existing} has {free / 2**30:.1f} GiB free and {num_bytes / 2**30:.1f} GiB are needed"
        )


@contextmanager
def appearing_whole(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to, then flushed and renamed; a kill's leftover is overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.partial")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
