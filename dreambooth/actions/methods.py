"""Chooses a method together with what it implies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from dreambooth.actions.asked import asked_text
from dreambooth.actions.settings import change_settings
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.methods import implied_by, with_method
from dreambooth.config.settings import Method
from dreambooth.config.store import ConfigError


def choose(place: Workplace, values: Values) -> dict[str, Any]:
    """Give a model a method; tells what it set in the concepts, and why."""
    method = _asked_method(values)
    before = place.library.load(asked_text(values, "name")).config
    told = change_settings(place, values, lambda config: with_method(config, method))
    implied = [
        {"concept": index, "before": getattr(concept, each.field), **asdict(each)}
        for index, concept in enumerate(before.concepts)
        for each in implied_by(method, concept)
    ]
    return {**told, "implied": implied}


def _asked_method(values: Values) -> Method:
    asked = asked_text(values, "method")
    for method in get_args(Method):
        if method == asked:
            return method  # type: ignore[no-any-return]  # one of the literals
    raise ConfigError(f"method: choose one of {', '.join(get_args(Method))}")


ACTIONS: Mapping[str, Action] = {"methods.choose": choose}
