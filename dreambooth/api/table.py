"""Everything that can be asked over HTTP: the endpoints of all files beside this one, and their document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from dreambooth import api
from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.openapi import describe_api
from dreambooth.api.schema import ANYTHING


@lru_cache(maxsize=1)
def find_endpoints() -> Sequence[Endpoint]:
    """The endpoints in the order in which a path is looked for: fixed paths before those with names."""
    found: list[Endpoint] = []
    for module in iter_modules(api.__path__):
        if module.name != "table":
            found += getattr(import_module(f"{api.__name__}.{module.name}"), "ENDPOINTS", ())
    found.append(
        Endpoint(
            method="GET",
            path="/openapi.json",
            summary="This document.",
            perform=_tell_document,
            answers=ANYTHING,
            group="document",
        )
    )
    return sorted(found, key=lambda endpoint: endpoint.path.replace("{", "\x7f"))


def _tell_document(_: Asked) -> dict[str, object]:
    return describe_api(find_endpoints())
