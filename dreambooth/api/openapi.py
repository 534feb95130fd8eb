"""The OpenAPI document, drawn from the endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from dreambooth.api.endpoint import Endpoint
from dreambooth.api.limits import MOST_FILES
from dreambooth.api.schema import TEXT, Schema, list_of, object_of

ERROR = object_of(
    {
        "error": object_of(
            {
                "message": TEXT,
                "problems": list_of(object_of({"field": TEXT, "advice": TEXT}, ["field", "advice"])),
            },
            ["message", "problems"],
        )
    },
    ["error"],
    is_open=True,  # programs of the old extension find the message a second time
)
REASONS = {
    400: "The request could not be read.",
    401: "The host wants a login: its cookie, or Basic credentials.",
    403: "Nobody is let in from there.",
    404: "There is nothing of this name.",
    409: "It does not go with how things are now.",
    410: "It is not offered any more; the message says what is instead.",
    413: "The request is too large.",
    415: "The body is of another kind.",
    422: "It cannot be done as asked; the problems say why, field by field.",
    500: "Something failed; the host's log has more.",
    503: "The training environment is not ready, or something could not be waited for.",
}
WITH_BODY = (400, 413, 415)
ALWAYS = (401, 403, 422, 500)


def describe_api(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """All endpoints as OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _describe(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dreambooth trainer",
            "version": "1",
            "description": "Models, trainings and tools.",
        },
        "servers": [{"url": "/dreambooth"}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
        "security": [{}, {"basic": []}],
    }


def _describe(endpoint: Endpoint) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _name(endpoint),
        "summary": endpoint.summary,
        "tags": [endpoint.group],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
        "responses": {str(endpoint.status): _answer(endpoint), **_refusals(endpoint)},
    }
    if endpoint.details:
        told["description"] = endpoint.details
    if endpoint.deprecated:
        told["deprecated"] = True
    if content := _body(endpoint):
        told["requestBody"] = {"required": not endpoint.bodies, "content": content}
    return told


def _body(endpoint: Endpoint) -> dict[str, Any]:
    """What is sent, by its content type; empty: nothing."""
    if endpoint.files:
        files = {**list_of({**TEXT, "format": "binary"}), "minItems": 1, "maxItems": MOST_FILES}
        return {"multipart/form-data": {"schema": object_of({endpoint.files: files}, [endpoint.files])}}
    bodies = endpoint.bodies if endpoint.body is None else {"application/json": endpoint.body}
    return {kind: {"schema": schema} for kind, schema in bodies.items()}


def _name(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", endpoint.path.removeprefix("/v1"))
    return "_".join([*(["old"] if endpoint.deprecated else []), endpoint.method.lower(), *words])


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)", endpoint.path)
    return [
        {"name": name, "in": "path", "required": True, "schema": endpoint.names.get(name, TEXT)}
        for name in names
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    required = endpoint.query.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in endpoint.query["properties"].items()
    ]


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    content = {endpoint.media: {"schema": endpoint.answers}}
    if endpoint.or_json is not None:
        content["application/json"] = {"schema": endpoint.or_json}
    return {"description": HTTPStatus(endpoint.status).phrase, "content": content}


def _refusals(endpoint: Endpoint) -> dict[str, Any]:
    statuses = {*ALWAYS, *(WITH_BODY if _body(endpoint) else ()), *endpoint.refusals}
    statuses |= {404} if "{" in endpoint.path else set()
    statuses |= {503} if endpoint.status == 202 or endpoint.deprecated else set()
    return {str(status): _refusal(REASONS[status]) for status in sorted(statuses)}


def _refusal(reason: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": reason, "content": {"application/json": {"schema": schema}}}
