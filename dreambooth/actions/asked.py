"""Values of an action, each of the kind that it must be."""

from __future__ import annotations

from dreambooth.actions.workplace import Values
from dreambooth.config.store import ConfigError


def asked_text(values: Values, name: str) -> str:
    """A text that must be there; raises ConfigError for any other kind, KeyError without it."""
    value = values[name]
    if not isinstance(value, str):
        raise ConfigError(f"{name}: {value!r} is no text")
    return value


def asked_text_or_none(values: Values, name: str) -> str | None:
    """A text, or None where it is absent, null or empty."""
    return asked_text(values, name) or None if values.get(name) is not None else None


def asked_flag(values: Values, name: str) -> bool:
    """True or false; false where it is absent."""
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: {value!r} is neither true nor false")
    return value


def asked_number(values: Values, name: str, low: int, high: int) -> int:
    """A whole number between the limits."""
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name}: choose a whole number from {low} to {high}")
    return value
