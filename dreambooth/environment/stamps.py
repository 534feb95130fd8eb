"""A stamp in the environment says from which lock its packages came, and with which Python.

It is removed before anything is changed and written last, so an installation that was killed never looks
finished.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass

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


def is_ready(*, dev: bool = False) -> bool:
    """Whether the environment is as the lock says; with ``dev``, the packages for tests too. Cheap."""
    return find_fault(dev=dev) is None


def find_fault(*, dev: bool = False) -> str | None:
    """What is wrong with the environment in a few words; None when it is ready."""
    if not place.environment_folder().is_dir():
        return "it has not been made yet"
    stamp = read_stamp(BASE)
    if stamp is None:
        return "it is half made"
    if not has_same_python(stamp):
        return "the Python that it was made with is gone"
    if stamp.get("lock") != lock_digest(BASE):
        return f"{LOCK} has changed since it was made"
    if dev and (read_stamp(DEV) or {}).get("lock") != lock_digest(DEV):
        return "the packages for tests are not installed"
    return None


def has_same_python(stamp: dict[str, str]) -> bool:
    """Whether the environment's interpreter is still the one that the packages were installed for."""
    identity = python_identity()
    return identity is not None and identity == stamp.get("python")


def python_identity() -> str | None:
    """The real file behind the environment's interpreter; None when there is none."""
    python = place.environment_python()
    return str(python.resolve()) if python.exists() else None


def lock_digest(layer: Layer) -> str:
    """One number for everything that decides what is installed."""
    content = b"".join((place.ROOT / name).read_bytes() for name in layer.locks)
    return hashlib.sha256(TORCH.encode() + content).hexdigest()


def read_stamp(layer: Layer) -> dict[str, str] | None:
    """What the stamp says; None when there is no whole one."""
    try:
        stamp = json.loads((place.environment_folder() / layer.stamp_file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def remove_stamp(layer: Layer) -> None:
    """From now on the layer is not finished."""
    (place.environment_folder() / layer.stamp_file).unlink(missing_ok=True)


def write_stamp(layer: Layer) -> None:
    """The layer is finished; the file appears whole or not at all."""
    path = place.environment_folder() / layer.stamp_file
    beside = path.with_suffix(".partial")
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"lock": lock_digest(layer), "python": python_identity()}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
