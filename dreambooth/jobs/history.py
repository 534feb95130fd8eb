"""Earlier settings of a model: what they were before each change, one file each, in ``backups/settings``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, written_whole
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import (
    ConfigError,
    ModelRecord,
    NotFound,
    config_from_json,
    config_to_json,
)

NUM_KEPT = 100
FOLDED_SECONDS = 60  # changes of one session of the page within this time are one


@dataclass(frozen=True)
class Change:
    """One value that differs between settings and the next ones; None: there was, or is, no such thing."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Kept:
    """Settings as they were until ``time``, and what that change changed."""

    id: str
    time: float  # seconds since 1970
    changes: tuple[Change, ...]


def keep_settings(folder: ModelFolder, record: ModelRecord, session: str = "") -> None:
    """Keep the settings of the record, which are about to change.

    A session that changes them again within a minute has kept what they were before already. Without a name
    every change stands for itself.
    """
    now, kept = time.time(), _files(folder)
    if session and kept and _is_same_change(kept[-1], session, now):
        return
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    values = {"time": now, "session": session, "config": config_to_json(record.config)}
    with written_whole(_place(folder) / f"{record.revision:08d}-{stamp}.json") as file:
        json.dump(values, file, indent=2, ensure_ascii=False)
    for path in _files(folder)[:-NUM_KEPT]:
        path.unlink()


def _is_same_change(last: Path, session: str, now: float) -> bool:
    try:
        kept = _read(last)
    except ConfigError:
        return False  # what cannot be read keeps nothing
    return bool(kept["session"] == session) and 0 <= now - kept["time"] < FOLDED_SECONDS


def list_history(folder: ModelFolder, config: TrainConfig) -> list[Kept]:
    """What was changed when, the last change first; ``config`` is what the settings are now."""
    told = []
    after = config_to_json(config)
    for path in reversed(_files(folder)):
        kept = _read(path)
        changes = tuple(find_changes(kept["config"], after))
        told.append(Kept(path.stem, kept["time"], changes))
        after = kept["config"]
    return told


def load_kept(folder: ModelFolder, kept_id: str) -> TrainConfig:
    """Settings of earlier, by the id that the history tells; raises ConfigError."""
    path = next((path for path in _files(folder) if path.stem == kept_id), None)
    if path is None:
        raise NotFound(f"there are no earlier settings {kept_id!r} of {folder.name}")
    return config_from_json(_read(path)["config"])


def find_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What differs between two settings in plain values, by dotted names; those of concepts too."""
    flat_before, flat_after = dict(_flatten(before)), dict(_flatten(after))
    for name in dict.fromkeys([*flat_before, *flat_after]):
        if flat_before.get(name) != flat_after.get(name):
            yield Change(name, flat_before.get(name), flat_after.get(name))


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name == "concepts":
            yield from _flatten({str(index): concept for index, concept in enumerate(value)}, "concepts.")
        elif isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _place(folder: ModelFolder) -> Path:
    return folder.backups / "settings"


def _files(folder: ModelFolder) -> list[Path]:
    """The kept files, oldest first: names begin with the number of the change."""
    return sorted(_place(folder).glob("*.json"))


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; it may be deleted") from None
    return kept
