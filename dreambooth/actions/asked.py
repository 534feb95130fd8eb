"""What a request asks, taken by name; what is missing or of another kind is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreambooth.config.store import ConfigError

Values = Mapping[str, Any]


def asked_text(values: Values, name: str, default: str | None = None) -> str:
    """A text; required when there is no default."""
    value = values.get(name, default)
    if not isinstance(value, str):
        raise ConfigError(f"{name}: {'is missing' if value is None else 'must be a text'}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{name}: holds half a character, which no file can hold") from None
    return value


def asked_number(values: Values, name: str, default: int | None = None, *, low: int = 0, high: int) -> int:
    """A whole number between the limits; required when there is no default."""
    value = values.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{name}: {'is missing' if value is None else 'must be a whole number'}")
    if not low <= value <= high:
        raise ConfigError(f"{name}: must be from {low} to {high}")
    return value


def asked_share(values: Values, name: str, default: float) -> float:
    """A number from 0 to 1."""
    value = values.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ConfigError(f"{name}: must be a number from 0 to 1")
    return float(value)


def asked_flag(values: Values, name: str) -> bool:
    """A yes or no; no when it is absent."""
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: must be true or false")
    return value


def asked_choice(values: Values, name: str, choices: tuple[str, ...]) -> str:
    """One of the choices."""
    value = asked_text(values, name)
    if value not in choices:
        raise ConfigError(f"{name}: choose one of {', '.join(choices)}")
    return value


def asked_texts(values: Values, name: str, default: list[str] | None = None) -> list[str]:
    """A list of texts; required when there is no default."""
    value = values.get(name, default)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError(f"{name}: {'is missing' if value is None else 'must be a list of texts'}")
    return value


def asked_mapping(values: Values, name: str) -> Mapping[str, Any]:
    """Values by name."""
    value = values.get(name)
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name}: {'is missing' if value is None else 'must hold values by name'}")
    return value


def asked_path(values: Values, name: str) -> Path:
    """The absolute path that somebody typed."""
    return typed_path(asked_text(values, name), name)


def typed_path(typed: str, name: str) -> Path:
    """A typed path, absolute and without detours."""
    if not typed.strip() or "\0" in typed:
        raise ConfigError(f"{name}: name a folder")
    return Path(os.path.abspath(typed))  # noqa: PTH100 - resolve() would follow links as well
