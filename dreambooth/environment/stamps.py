"""A stamp in an environment says from which lock its packages came, and with which Python.

It is removed before anything is changed and written last, so an installation that was killed never looks
finished.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from dreambooth.environment import place

TORCH = "torch==2.13.0"
LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"


@dataclass(frozen=True)
class Layer:
    """Packages that are installed and stamped together; ``locks`` are the files that they hang on."""

    stamp_file: str
    locks: tuple[str, ...]


BASE = Layer("dreambooth.json", (LOCK,))
DEV = Layer("dreambooth-dev.json", (LOCK, DEV_LOCK))


def lock_digest(layer: Layer) -> str:
    """One number for everything that decides what is installed."""
    content = b"".join((place.ROOT / name).read_bytes() for name in layer.locks)
    return hashlib.sha256(TORCH.encode() + content).hexdigest()


def read_stamp(folder: Path, layer: Layer) -> dict[str, str] | None:
    """What the stamp says; None when there is no whole one."""
    try:
        stamp = json.loads((folder / layer.stamp_file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def remove_stamp(folder: Path, layer: Layer) -> None:
    """From now on the layer is not finished."""
    (folder / layer.stamp_file).unlink(missing_ok=True)


def write_stamp(folder: Path, layer: Layer, stamp: dict[str, str]) -> None:
    """The layer is finished; the file appears whole or not at all."""
    path = folder / layer.stamp_file
    beside = path.with_suffix(".partial")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(stamp, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
