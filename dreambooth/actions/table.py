"""All actions by name, and how one is performed for somebody outside."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from dreambooth import actions
from dreambooth.actions.workplace import Action, Workplace
from dreambooth.config.store import ConfigError

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def find_actions() -> dict[str, Action]:
    """Every action by its name, ``subject.verb``: those of all files beside this one."""
    table: dict[str, Action] = {}
    for module in iter_modules(actions.__path__):
        table |= getattr(import_module(f"{actions.__name__}.{module.name}"), "ACTIONS", {})
    return table


def answer(place: Workplace, table: dict[str, Action], asked: Any) -> dict[str, Any]:  # noqa: ANN401 - from outside
    """Perform ``{"action": NAME, "values": {…}}``.

    The answer has one key: ``result``; ``refused``, in words for whoever asked; or ``failed``, of which the
    log has more.
    """
    if not isinstance(asked, dict) or not isinstance(asked.get("values", {}), dict):
        return {"refused": "an action is asked as an object with action and values"}
    name = asked.get("action")
    if not isinstance(name, str) or name not in table:
        return {"refused": f"there is no action {name!r}"}
    try:
        return {"result": table[name](place, asked.get("values", {}))}
    except ConfigError as error:
        return {"refused": str(error)}
    except Exception as error:  # the page shows it, whatever it is
        logger.exception("the action %s failed", name)
        return {"failed": f"{type(error).__name__}: {error}"}
