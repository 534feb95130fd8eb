"""What is around the models: the host, its checkpoints, and whether what training needs is there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from dreambooth.api.endpoint import Asked, Endpoint, through
from dreambooth.api.schema import ANYTHING, FLAG, TEXT, answer_of, list_of, object_of

_endpoint = partial(Endpoint, method="GET", group="host")


def describe_host(asked: Asked) -> dict[str, Any]:
    """Which host it is, and where it looks for files."""
    host = asked.place.host
    return {
        "name": host.name,
        "is_local": host.is_local(),
        "models_folder": str(asked.place.library.path),
        "checkpoint_folder": str(host.checkpoint_folder()),
        "lora_folder": str(host.lora_folder()),
    }


ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        path="/v1/sources",
        summary="The checkpoints that a model can be made from.",
        perform=through("create.sources"),
        answers=answer_of(sources=list_of(answer_of(label=TEXT, path=TEXT))),
    ),
    _endpoint(
        path="/v1/host",
        summary="Which host this is, and where it looks for files.",
        perform=describe_host,
        answers=answer_of(
            name=TEXT, is_local=FLAG, models_folder=TEXT, checkpoint_folder=TEXT, lora_folder=TEXT
        ),
    ),
    _endpoint(
        path="/v1/doctor",
        summary="What is there, what is missing and what to do; pending as long as it is being found out.",
        perform=through("doctor.run"),
        query=object_of({"again": {**FLAG, "default": False}}),
        answers=ANYTHING,
    ),
    _endpoint(
        path="/v1/environment",
        summary="Whether the training environment is ready, and how far its making is.",
        perform=through("environment.state"),
        query=object_of({"measure": {**FLAG, "default": False, "description": "Sizes of all of them, too."}}),
        answers=answer_of(ready=FLAG, fault=TEXT, folder=TEXT, making=ANYTHING, log=list_of(TEXT)),
    ),
)
