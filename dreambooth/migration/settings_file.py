"""A file of settings, whoever wrote it: this trainer, the old extension, kohya's scripts or their form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dreambooth.config.concept import Concept
from dreambooth.config.option import Value, describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import (
    ConfigError,
    concept_from_json,
    config_from_json,
    config_to_json,
    with_values,
)
from dreambooth.config.toml_text import parse_toml
from dreambooth.migration.kohya import CONCEPT, KOHYA, TELLING
from dreambooth.migration.kohya_values import UNSET
from dreambooth.migration.places import Old, Place
from dreambooth.migration.report import Report, Trouble
from dreambooth.migration.settings import PREFIX, migrate_settings, put

Kind = Literal["trainer", "old extension", "kohya"]
OF_THE_OLD = {"model_name", "concepts_list", "num_train_epochs"}


@dataclass(frozen=True)
class ReadSettings:
    """What a file says, as settings, and what became of each of its lines; ours need no report."""

    kind: Kind
    config: TrainConfig
    report: Report


def read_settings_file(path: Path, base: TrainConfig) -> ReadSettings:
    """The settings in a file; raises ConfigError in words."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    return read_settings(text, base)


def read_settings(text: str, base: TrainConfig) -> ReadSettings:
    """The settings that a text holds, JSON or TOML; what it does not say is as in ``base``."""
    values = _parse(text)
    keys = {key.removeprefix(PREFIX) for key in values}
    if OF_THE_OLD & keys:
        migrated = migrate_settings(values, base)
        return ReadSettings("old extension", migrated.config, migrated.report)
    flat = _flat(values)
    if TELLING & flat.keys():
        return _read_kohya(flat, base)
    return ReadSettings("trainer", _read_ours(values, base), Report())


def _parse(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = parse_toml(text)
    if not isinstance(values, dict):
        raise ConfigError("these are no settings: an object of names and values is expected")
    return values


def _read_ours(values: Mapping[str, Any], base: TrainConfig) -> TrainConfig:
    """Our settings, nested or by dotted name, or a whole ``db_config.json``."""
    if isinstance(values.get("config"), dict) and "format_version" in values:
        values = values["config"]
    if any("." in name for name in values):
        return with_values(base, dict(values))
    merged = config_to_json(base)
    for name, value in values.items():
        merged[name] = {**merged[name], **value} if isinstance(value, dict) and name in merged else value
    return config_from_json(merged)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Their options without sections, which mean nothing, and with the network's arguments among them."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value)
        else:
            flat[name] = value
    words = flat.get("network_args") or []
    for word in words.split() if isinstance(words, str) else words:
        if match := re.fullmatch(r"(\w+)=(.+)", str(word)):
            flat.setdefault(match[1], match[2])
    return flat


def _read_kohya(flat: Mapping[str, Any], base: TrainConfig) -> ReadSettings:
    report = Report()
    old = Old(dict(flat))
    changes: dict[str, Value] = {}
    of_concept: dict[str, Value] = {}
    settings = {setting.name: setting for setting in describe_settings(TrainConfig)}
    fields = {setting.name: setting for setting in describe_settings(Concept)}
    for name, value in flat.items():
        if value in UNSET and not isinstance(value, bool):
            continue  # their form writes every name, and nothing where nothing was entered
        if name in CONCEPT:
            of_concept |= put(name, value, CONCEPT[name], old, fields, report)
        elif name in KOHYA:
            changes |= put(name, value, KOHYA[name], old, settings, report)
        elif value not in UNSET:
            report.problems.append(Trouble(name, value, "is no option that is known here"))
    if "max_train_steps" in flat and "duration.max_steps" not in changes:
        changes["duration.max_steps"] = 0
    config = with_values(base, changes)
    if of_concept:
        first, *others = config.concepts or (Concept(),)
        changed = concept_from_json({**config_to_json(first), **of_concept})
        config = replace(config, concepts=(changed, *others))
    return ReadSettings("kohya", config, report)


PLACES_OF_KOHYA: Mapping[str, Place] = {**KOHYA, **CONCEPT}
