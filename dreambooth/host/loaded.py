"""The webui's own modules, looked up each time: a webui that reloads itself may have loaded them anew."""

from __future__ import annotations

import sys
from typing import Any

NEEDED = {"shared": "state", "call_queue": "queue_lock", "sd_models": "model_data"}


def find_loaded(name: str) -> Any:  # noqa: ANN401 - a module of the webui
    """``modules.NAME`` if the webui has loaded it, else None; nothing is imported."""
    return sys.modules.get(f"modules.{name}")


def loaded(name: str) -> Any:  # noqa: ANN401 - a module of the webui
    """``modules.NAME``, which the webui must have loaded."""
    return sys.modules[f"modules.{name}"]


def is_webui_there() -> bool:
    """Whether the webui has loaded what lending needs; not so for moments of a start or a reload."""
    return all(hasattr(find_loaded(name), attribute) for name, attribute in NEEDED.items())
