"""Where a result goes that somebody named: to the place itself, or by its name alone to the host's folder."""

from __future__ import annotations

from pathlib import Path

from dreambooth.config.folders import find_name_fault
from dreambooth.config.store import ConfigError

CHECKPOINTS: tuple[str, ...] = (".safetensors", ".ckpt")
LORAS: tuple[str, ...] = (".safetensors",)


def find_file(to: str, folder: Path, endings: tuple[str, ...], *, overwrite: bool) -> Path:
    """A file to write; relative to ``folder`` unless its path is whole. Raises ConfigError."""
    path = _find_place(to, folder)
    if path.suffix not in endings:
        raise ConfigError(f"to: {path.name} must end with {' or '.join(endings)}")
    if path.is_dir():
        raise ConfigError(f"to: {path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise ConfigError(f"to: {path} is there already; choose another name, or overwrite it")
    return path


def find_new_folder(to: str) -> Path:
    """A folder to make; no folder of the host is right for it, so its path is whole. Raises ConfigError."""
    if not Path(to.strip()).is_absolute():
        raise ConfigError("to: write the whole path of the new folder")
    path = _find_place(to, Path())
    if path.exists():
        raise ConfigError(f"to: {path} is there already; choose another name")
    return path


def _find_place(to: str, folder: Path) -> Path:
    path = Path(to.strip())
    if fault := find_name_fault(path.name):
        raise ConfigError(f"to: {fault}")
    if path.is_absolute():
        if not path.parent.is_dir():
            raise ConfigError(f"to: there is no folder {path.parent}")
        return path
    if path.drive or path.root or ".." in path.parts:
        raise ConfigError("to: write a name, or the whole path")
    return folder / path
