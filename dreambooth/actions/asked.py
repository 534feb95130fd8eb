"""What a request asks, taken by name; what is missing or of another kind is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dreambooth.actions.workplace import Values
from dreambooth.config.store import ConfigError


def _refusal(name: str, value: object, must_be: str) -> ConfigError:
    return ConfigError(f"{name}: must be {'given' if value is None else must_be}")


def asked_text(values: Values, name: str, default: str | None = None) -> str:
    """A text; required when there is no default."""
    value = values.get(name, default)
    if not isinstance(value, str):
        raise _refusal(name, value, "a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{name}: holds half a character, which no file can hold") from None
    return value


def asked_number(
    values: Values, name: str, default: int | None = None, *, low: int = 0, high: int | None = None
) -> int:
    """A whole number within the limits; required when there is no default."""
    value = values.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refusal(name, value, "a whole number")
    if value < low or (high is not None and value > high):
        limits = f"{low} or more" if high is None else f"from {low} to {high}"
        raise ConfigError(f"{name}: must be {limits}")
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
        raise _refusal(name, value, "a list of texts")
    return value


def asked_mapping(values: Values, name: str, default: Values | None = None) -> Values:
    """Values by name; required when there is no default."""
    value = values.get(name, default)
    if not isinstance(value, Mapping):
        raise _refusal(name, value, "an object")
    return value


def asked_path(values: Values, name: str) -> Path:
    """The absolute path that somebody typed."""
    return typed_path(asked_text(values, name), name)


def typed_path(typed: str, name: str) -> Path:
    """A typed path, absolute and without detours."""
    if not typed.strip() or "\0" in typed:
        raise ConfigError(f"{name}: name a folder")
    return Path(os.path.abspath(typed))  # noqa: PTH100 - resolve() would follow links as well
