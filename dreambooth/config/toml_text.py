"""TOML, by whichever reader this Python has."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

from dreambooth.config.store import ConfigError

READERS = ("tomllib", "tomli")  # of Python 3.11 and later, and the same for 3.10


def find_toml_reader() -> Any | None:  # noqa: ANN401 - a module that some Pythons lack
    """The module that reads TOML here, with ``loads`` and ``TOMLDecodeError``; None without any."""
    for name in READERS:
        with suppress(ModuleNotFoundError):
            return import_module(name)
    return None


def parse_toml(text: str) -> dict[str, Any]:
    """The table that the text holds; raises ConfigError where it is none, or nothing here can read it."""
    reader = find_toml_reader()
    if reader is None:
        raise ConfigError("this Python cannot read TOML: install the package tomli, or take a JSON file")
    try:
        return dict(reader.loads(text))
    except reader.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}") from None
