"""Settings as JSON and back, changed by name, and a model's ``db_config.json``."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from dreambooth.config.concept import Concept
from dreambooth.config.folders import written_whole
from dreambooth.config.option import describe_settings, find_fault, parse_value
from dreambooth.config.renamed import RENAMED, with_new_names_nested
from dreambooth.config.settings import TrainConfig

FORMAT_VERSION = 1
FIELD_FIRST = re.compile(r"([a-z_][a-z0-9_.]*): (.+)", re.DOTALL)

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and with which field; an empty name when it is no single one."""

    field: str
    advice: str


class ConfigError(Exception):
    """What cannot be done as asked; the message says why, a line for each fault, as ``field: advice``."""

    @property
    def faults(self) -> list[Fault]:
        """The lines of the message, each with the field that it is about."""
        found = [(FIELD_FIRST.fullmatch(line), line) for line in str(self).split("\n")]
        return [Fault(*match.groups()) if match else Fault("", line) for match, line in found]


class NotFound(ConfigError):
    """There is nothing of the name that was asked for."""


class Conflict(ConfigError):
    """What was asked does not go with how things are now; it can be asked again when they have changed."""


class Unavailable(ConfigError):
    """Something is missing here that it needs; it can be asked again when that is there."""


class Busy(Conflict):
    """A job is at work on it, or waits to be."""


def config_to_json(config: TrainConfig | Concept | ModelRecord) -> dict[str, Any]:
    """A config object as plain values, sections nested."""
    return dataclasses.asdict(config)


def _build(section: type[T], values: Mapping[str, Any], prefix: str, faults: list[str]) -> T:
    hints = get_type_hints(section)
    settings = {setting.name: setting for setting in describe_settings(section)}
    names = [f.name for f in dataclasses.fields(section)]  # type: ignore[arg-type]
    built: dict[str, Any] = {}
    for name, value in values.items():
        if name not in names:
            faults.append(f"{prefix}{name}: there is no such setting")
        elif name == "concepts":
            built[name] = tuple(
                _build(Concept, concept, f"concepts.{i}.", faults) for i, concept in enumerate(value)
            )
        elif dataclasses.is_dataclass(hints[name]):
            built[name] = _build(hints[name], value, f"{prefix}{name}.", faults)
        elif fault := find_fault(settings[name], value):
            faults.append(f"{prefix}{name}: {fault}")
        else:
            built[name] = value
    return section(**built)


def _build_or_refuse(section: type[T], values: Mapping[str, Any]) -> T:
    faults: list[str] = []
    try:
        built = _build(section, values, "", faults)
    except (TypeError, AttributeError):
        raise ConfigError("the settings are not nested as they should be") from None
    if faults:
        raise ConfigError("\n".join(faults))
    return built


def config_from_json(values: Mapping[str, Any]) -> TrainConfig:
    """Settings from plain values; what is absent has its default. Raises ConfigError with every fault."""
    return _build_or_refuse(TrainConfig, with_new_names_nested(values))


def concept_from_json(values: Mapping[str, Any]) -> Concept:
    """A concept from plain values; raises ConfigError with every fault."""
    return _build_or_refuse(Concept, values)


def changed(config: TrainConfig, changes: Mapping[str, str]) -> TrainConfig:
    """The config with settings changed by dotted name, e.g. ``{"lora.rank": "8"}``; raises ConfigError."""
    settings = {setting.name: setting for setting in describe_settings(TrainConfig)}
    values, faults = {}, []
    for name, text in changes.items():
        if name not in settings:
            faults.append(f"{name}: {_no_such(name)}")
            continue
        try:
            values[name] = parse_value(settings[name], text)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(faults))
    return with_values(config, values)


def _no_such(name: str) -> str:
    if name in RENAMED:
        return f"is called {RENAMED[name].name} now"
    return "there is no such setting; `settings` lists them all"


def with_values(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """The config with plain values by dotted name, and with ``concepts`` as a whole; raises ConfigError."""
    known = {setting.name for setting in describe_settings(TrainConfig)} | {"concepts"}
    if unknown := [name for name in values if name not in known]:
        raise ConfigError("\n".join(f"{name}: there is no such setting" for name in unknown))
    nested = config_to_json(config)
    for name, value in values.items():
        *sections, last = name.split(".")
        place = nested
        for section in sections:
            place = place[section]
        place[last] = value
    return config_from_json(nested)


def value_of(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the setting holds
    """The value of a setting in nested plain values, by its dotted name."""
    held: Any = values
    for part in name.split("."):
        held = held[part]
    return held


def changed_concept(concept: Concept, changes: Mapping[str, str]) -> Concept:
    """The concept with fields changed by name; raises ConfigError."""
    settings = {setting.name: setting for setting in describe_settings(Concept)}
    unknown = [name for name in changes if name not in settings]
    if unknown:
        raise ConfigError("\n".join(f"{name}: a concept has no such field" for name in unknown))
    try:
        values = {name: parse_value(settings[name], text) for name, text in changes.items()}
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return concept_from_json({**config_to_json(concept), **values})


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """What ``db_config.json`` holds: settings, and what is known of the model."""

    revision: int = 0  # of the settings: rises by one with every change
    source: str = ""
    source_hash: str = ""  # SHA-256 of the source, when it was one file
    family: str = ""
    predicts: str = "epsilon"
    native_resolution: int = 512
    lifetime_steps: int = 0
    lifetime_epochs: int = 0
    adapter: str = ""  # what of the model is kept in its adapter file; empty: nothing
    last_run: str = ""  # the run that wrote the weights last
    moved: Mapping[str, float] = field(default_factory=dict)  # by that run: part → RMS of change / of weights
    config: TrainConfig = field(default_factory=TrainConfig)


def load_record(path: Path) -> ModelRecord:
    """Read ``db_config.json``; raises ConfigError in words."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no model in {path.parent}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    version = values.pop("format_version", None) if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise ConfigError(f"{path} is not of this trainer (format {version}, expected {FORMAT_VERSION})")
    config = config_from_json(values.pop("config", {}))
    try:
        return ModelRecord(**values, config=config)
    except TypeError as error:
        raise ConfigError(f"{path} holds something that this trainer does not know: {error}") from None


def save_record(path: Path, record: ModelRecord) -> None:
    """Write ``db_config.json`` whole."""
    values = {"format_version": FORMAT_VERSION, **config_to_json(record)}
    with written_whole(path) as file:
        json.dump(values, file, indent=2, ensure_ascii=False)
