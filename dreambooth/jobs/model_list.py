"""What is known of every model at a glance; a record is read again only when its file has changed."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, find_newest_sample
from dreambooth.config.store import ConfigError, ModelRecord, load_record
from dreambooth.jobs.library import Library
from dreambooth.jobs.trainings import find_last_trained
from dreambooth.migration.folder import is_old_config

FACTS = (
    "source",
    "source_hash",
    "family",
    "predicts",
    "native_resolution",
    "adapter",
    "lifetime_steps",
    "lifetime_epochs",
)


def list_models(library: Library) -> list[dict[str, Any]]:
    """All models, the one that was trained last first; those that never were by name, after them."""
    told = [describe_model(library.folder(name)) for name in library.names()]
    return sorted(told, key=lambda model: -(model["last_trained"] or 0))


def describe_model(folder: ModelFolder) -> dict[str, Any]:
    """A model in a line; one that cannot be read has a ``fault``, one of the old extension ``is_old``."""
    record, fault, is_old = _read(folder.config_file)
    facts = record or ModelRecord(predicts="", native_resolution=0)
    newest = find_newest_sample(folder)
    return {
        "name": folder.name,
        **{name: getattr(facts, name) for name in FACTS},
        "last_trained": find_last_trained(folder),
        "thumbnail": str(newest) if newest else None,
        "is_old": is_old,
        "fault": fault,
    }


def _read(config_file: Path) -> tuple[ModelRecord | None, str | None, bool]:
    try:
        told = config_file.stat()
    except OSError as error:
        return None, f"{config_file} cannot be read: {error.strerror}", False
    return _read_version(config_file, told.st_mtime_ns, told.st_size, told.st_ino)


@lru_cache(maxsize=512)
def _read_version(config_file: Path, *_: int) -> tuple[ModelRecord | None, str | None, bool]:
    """The record, else why there is none, and whether that is since the old extension wrote it."""
    if is_old_config(config_file):
        return None, None, True
    try:
        return load_record(config_file), None, False
    except ConfigError as error:
        return None, str(error), False


def settings_revision(folder: ModelFolder) -> int | None:
    """How often the model's settings were changed; None where they cannot be read."""
    record, _, _ = _read(folder.config_file)
    return record.revision if record else None


def list_revision(library: Library) -> str:
    """Changes whenever a model comes, goes, or is written."""
    digest = hashlib.sha256()
    for name in library.names():
        digest.update(f"{name} {_written_ns(library.folder(name))}\n".encode())
    return digest.hexdigest()[:16]


def _written_ns(folder: ModelFolder) -> int:
    try:
        return folder.config_file.stat().st_mtime_ns
    except OSError:
        return 0
