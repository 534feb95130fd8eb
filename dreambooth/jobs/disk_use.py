"""What a model takes on disk, by part."""

from __future__ import annotations

import os
from pathlib import Path

from dreambooth.config.folders import ModelFolder

CLASSIFIERS = "classifiers_"
PARTS = ("working", "checkpoints", "snapshots", "samples", "cache", "runs", "backups")


def disk_use(folder: ModelFolder) -> dict[str, int]:
    """Part → bytes; ``other`` is the rest: settings, the adapter, TensorBoard files."""
    used = dict.fromkeys((*PARTS, "classifiers", "other"), 0)
    with os.scandir(folder.path) as entries:
        for entry in entries:
            part = "classifiers" if entry.name.startswith(CLASSIFIERS) else entry.name
            used[part if part in used else "other"] += _size(entry)
    return used


def folder_bytes(path: Path) -> int:
    """The size of all files in a folder; links are not followed."""
    try:
        with os.scandir(path) as entries:
            return sum(map(_size, entries))
    except OSError:
        return 0  # somebody deleted it


def _size(entry: os.DirEntry[str]) -> int:
    try:
        if entry.is_dir(follow_symlinks=False):
            return folder_bytes(Path(entry.path))
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
