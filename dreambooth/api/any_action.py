"""Everything that the page can ask, by the name of the action: what no other endpoint is for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from dreambooth.actions.table import find_actions
from dreambooth.actions.workplace import Action
from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.schema import ANYTHING, TEXT, answer_of, object_of
from dreambooth.config.store import NotFound


def perform(asked: Asked) -> dict[str, Any]:
    """What the action answers."""
    name = asked.path["action"]
    if name not in find_actions():
        raise NotFound(f"there is no action {name}")
    return {"result": asked.perform(name, **asked.body["values"])}


def _describe(action: Action) -> str:
    function = action.func if isinstance(action, partial) else action
    return (function.__doc__ or "").partition("\n")[0]


def _tell_all() -> str:
    return "\n".join(f"- `{name}`: {_describe(action)}" for name, action in find_actions().items())


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint(
        method="POST",
        path="/v1/actions/{action}",
        summary="Perform one of the actions of the page.",
        details=_tell_all(),
        perform=perform,
        names={"action": {**TEXT, "enum": list(find_actions())}},
        body=object_of({"values": ANYTHING}, ["values"]),
        answers=answer_of(result=ANYTHING),
        refusals=(409,),
        group="actions",
    ),
)
