"""What somebody outside gave with an action: by name, of the kind that it must be."""

from __future__ import annotations

from typing import TypeVar

from dreambooth.actions.workplace import Values
from dreambooth.config.store import ConfigError

T = TypeVar("T")

KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


def given(values: Values, name: str, kind: type[T]) -> T:
    """The value of this name; raises KeyError when there is none, ConfigError when it is of another kind."""
    value = values[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigError(f"{name} must be {KINDS[kind]}, and {value!r} is not")
    return value


def given_names(values: Values, name: str) -> list[str]:
    """A list of texts; raises as ``given`` does."""
    names = given(values, name, list)
    if wrong := [each for each in names if not isinstance(each, str)]:
        raise ConfigError(f"{name} must be a list of texts, and {wrong[0]!r} is none")
    return names
