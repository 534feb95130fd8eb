"""Changes of ``db_config.json``: read, changed and written under one lock, so that nobody's are lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import Conflict, ModelRecord, load_record, save_record
from dreambooth.locks import file_lock


class StaleSettings(Conflict):
    """Settings were to be changed by somebody who has not seen the last change of them."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            "the settings were changed elsewhere meanwhile (in another tab, or by a command): load them "
            f"again before you change them (this is change {expected}, there are {found})"
        )
        self.revision = found


def update_record(path: Path, change: Callable[[ModelRecord], ModelRecord]) -> ModelRecord:
    """Change what stands in ``db_config.json`` now, whoever else does so at the same time.

    ``change`` is given the record as it is on disk; what it raises leaves everything as it was.
    """
    load_record(path)  # a model that is gone is not brought back by its lock
    with file_lock(path.with_name(f".{path.name}.lock"), waiting=lambda: None):
        before = load_record(path)
        record = change(before)
        if record != before:
            save_record(path, record)
    return record


def with_config(
    record: ModelRecord, change: Callable[[TrainConfig], TrainConfig], expected_revision: int | None = None
) -> ModelRecord:
    """The record with other settings, counted as a change when they differ; raises StaleSettings."""
    if expected_revision is not None and expected_revision != record.revision:
        raise StaleSettings(expected_revision, record.revision)
    config = change(record.config)
    return record if config == record.config else replace(record, config=config, revision=record.revision + 1)
