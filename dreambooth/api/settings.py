"""Settings of a model: what there is to set, how it is set, and how it was before; presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dreambooth.api.endpoint import Asked, Endpoint, through
from dreambooth.api.schema import ANYTHING, TEXT, WHOLE, answer_of, list_of, object_of
from dreambooth.api.setting_schema import PROBLEMS, REVISION, SAVED, SETTINGS
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import value_of

SETTINGS_PATH = "/v1/models/{name}/settings"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_endpoint = partial(Endpoint, group="settings")


def tell_schema(_: Asked) -> dict[str, Any]:
    """What can be set, for who draws a form of it."""
    return {"$schema": DIALECT, "title": "Settings of a training", **SETTINGS}


def show(asked: Asked) -> dict[str, Any]:
    """Settings by the names under which they are changed."""
    told = asked.perform("settings.load", **asked.path)
    return {**told, "values": _by_name(told["values"]), "defaults": _by_name(told["defaults"])}


def _by_name(nested: Mapping[str, Any]) -> dict[str, Any]:
    names = [setting.name for setting in describe_settings(TrainConfig)]
    return {name: value_of(nested, name) for name in [*names, "concepts"]}


ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        method="GET",
        path="/v1/settings/schema",
        summary="All settings as a JSON Schema, with label, help, limits, choices and default.",
        perform=tell_schema,
        answers=answer_of(type=TEXT, properties=ANYTHING),
    ),
    _endpoint(
        method="GET",
        path=SETTINGS_PATH,
        summary="The settings of a model, its defaults, and what contradicts in them.",
        perform=show,
        answers=answer_of(revision=WHOLE, values=SETTINGS, defaults=SETTINGS, problems=PROBLEMS),
    ),
    _endpoint(
        method="PATCH",
        path=SETTINGS_PATH,
        summary="Change settings by dotted name, and concepts as a whole; when one is wrong, none.",
        perform=through("settings.save"),
        body=object_of({"revision": REVISION, "values": SETTINGS}, ["revision", "values"]),
        answers=SAVED,
        refusals=(409,),
    ),
    _endpoint(
        method="GET",
        path=f"{SETTINGS_PATH}/history",
        summary="Earlier settings, the last change first, each with what it changed.",
        perform=through("settings.history"),
        answers=answer_of(history=list_of(answer_of(id=TEXT, changes=list_of(ANYTHING)))),
    ),
    _endpoint(
        method="GET",
        path="/v1/presets",
        summary="Named sets of settings: those that come with the trainer, and your own.",
        perform=through("presets.list"),
        query=object_of({"family": {**TEXT, "description": "sd1, sd2 or sdxl: only those for it."}}),
        answers=answer_of(presets=list_of(answer_of(name=TEXT, told=TEXT, values=ANYTHING))),
    ),
    _endpoint(
        method="POST",
        path="/v1/models/{name}/presets/{preset}",
        summary="Give a model the settings of a preset.",
        perform=through("presets.apply"),
        body=object_of({"revision": REVISION}, ["revision"]),
        answers=SAVED,
        refusals=(409,),
    ),
)
