"""Asks for the weights of a saved step to become the model's own again."""

from __future__ import annotations

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run

WEIGHTS = (".safetensors", ".ckpt")


def prepare_restore(library: Library, name: str, weights: str) -> RunFolder:
    """The run of the job; ``weights`` lies inside the model's folder; raises ConfigError for others."""
    library.load(name)
    folder = library.folder(name)
    path = (folder.path / weights).resolve()
    is_inside = path.is_relative_to(folder.path.resolve())
    is_snapshot = path.parent == folder.snapshots.resolve() and path.is_dir()
    if not is_snapshot and not (is_inside and path.suffix in WEIGHTS and path.is_file()):
        raise ConfigError(f"weights: {weights} is no checkpoint or LoRA file, nor a snapshot, of {name}")
    told = path.relative_to(folder.path.resolve()).as_posix()
    return prepare_run(library, folder, "restore", {"weights": told})
