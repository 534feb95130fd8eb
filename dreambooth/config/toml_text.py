"""TOML, by whichever reader this Python has."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dreambooth.config.store import ConfigError

READERS = ("tomllib", "tomli")  # of Python 3.11 and later, and the same for 3.10


def parse_toml(text: str) -> dict[str, Any]:
    """The table that the text holds; raises ConfigError where it is none, or nothing here can read it."""
    for name in READERS:
        try:
            reader = import_module(name)
        except ImportError:
            continue
        try:
            return dict(reader.loads(text))
        except reader.TOMLDecodeError as error:
            raise ConfigError(f"this is not TOML: {error}") from None
    raise ConfigError("this Python cannot read TOML: install the package tomli, or take a JSON file")
