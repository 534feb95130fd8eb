"""What programs send that were written for the old extension: forms, JSON, or nothing but an address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from anyio import from_thread
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message

from dreambooth.api.endpoint import Asked
from dreambooth.api.errors import Refused, describe, refused_by
from dreambooth.api.old_key import URL_ENCODED
from dreambooth.api.reading import JSON, content_type, parse_json, read_within
from dreambooth.api.schema import TEXT, Schema, object_of
from dreambooth.config.store import ConfigError

MULTIPART = "multipart/form-data"
MOST_FORM_BYTES = 1 << 20
MODEL_NAME: Schema = {**TEXT, "description": "The model."}
OWN_HEADER = "x-requested-with"  # which pages of other servers cannot send
YES = ("true", "1", "yes", "on")
NO = ("false", "0", "no", "off")
FLAG_TEXT: Schema = {
    **TEXT,
    "enum": [each for text in (*YES, *NO) for each in dict.fromkeys((text, text.title(), text.upper()))],
}
Perform = Callable[[Asked], dict[str, Any] | list[Any] | str | Response]


def as_before(perform: Perform) -> Callable[[Asked], Response]:
    """Answer as the old extension did: any JSON, and of a refusal the ``message`` at the top, too."""

    @wraps(perform)
    def perform_and_tell(asked: Asked) -> Response:
        try:
            told = perform(asked)
        except Refused as refused:
            return _tell(refused)
        except ConfigError as error:
            return _tell(refused_by(error))
        return told if isinstance(told, Response) else JSONResponse(told)

    return perform_and_tell


def _tell(refused: Refused) -> Response:
    told = {"message": str(refused), **describe(refused)}
    return JSONResponse(told, status_code=refused.status, headers=dict(refused.headers))


def read_body(asked: Asked, most_bytes: int = MOST_FORM_BYTES) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The body as JSON, or the fields of a form by name; empty without any."""
    return from_thread.run(_read_body, asked.request, most_bytes)


async def _read_body(request: Request, most_bytes: int) -> Any:  # noqa: ANN401
    kind, body = content_type(request), await read_within(request, most_bytes)
    if not body:
        return {}
    if kind == MULTIPART:
        return await _parse_multipart(request, body)
    if kind == URL_ENCODED:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    if kind == JSON:
        return parse_json(body)
    raise Refused(415, f"send the content type {JSON} or {URL_ENCODED}")


async def _parse_multipart(request: Request, body: bytes) -> dict[str, str]:
    """The fields of a form that are texts."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, receive).form() as form:
            return {name: value for name, value in form.multi_items() if isinstance(value, str)}
    except MultiPartException as error:
        raise Refused(400, f"the body is no multipart form: {error.message}") from None
    except HTTPException as error:  # which Starlette makes of it inside an app
        raise Refused(400, f"the body is no multipart form: {error.detail}") from None


def read_fields(asked: Asked) -> dict[str, Any]:
    """The query, and over it the fields of the body, which must be an object."""
    body = read_body(asked)
    if not isinstance(body, Mapping):
        raise Refused(422, "the body must be an object")
    return {**asked.query, **body}


def parse_if_text(value: object, name: str) -> Any:  # noqa: ANN401
    """The value; in a form it is JSON as a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ConfigError(f"{name}: is no JSON") from None


def asked_name(values: Mapping[str, Any], name: str = "model_name") -> str:
    """The model's name; raises ConfigError without any."""
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{name}: must be given")
    return value.strip()


def is_set(values: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """A yes or no of a query, in any of the spellings of ``FLAG_TEXT``."""
    return str(values.get(name, default)).lower() in YES


def query_of(required: Mapping[str, Schema] | None = None, **others: Schema) -> Schema:
    """The parameters of an old endpoint; others have always been passed over."""
    known = {**(required or {}), **others, "api_key": {**TEXT, "description": "A password of --api-auth."}}
    return object_of(known, required or (), is_open=True)


def bodies_of(**properties: Schema) -> dict[str, Schema]:
    """The same fields as JSON or as a form."""
    return dict.fromkeys((JSON, URL_ENCODED, MULTIPART), object_of(properties, is_open=True))


def refuse_foreign_page(request: Request) -> None:
    """Raise Refused for a GET that changes something unless a program sends it, or a page of this server.

    A page anywhere can have its visitor's browser ask for a picture at this address, and the browser sends
    the visitor's login along. Browsers tell so, or where they do not are known by their name; what no foreign
    page can add is a header of one's own.
    """
    headers = request.headers
    is_browser = headers.get("user-agent", "").startswith("Mozilla/")
    comes_from = headers.get("sec-fetch-site", "cross-site" if is_browser else "none")
    if comes_from not in ("same-origin", "none") and OWN_HEADER not in headers:
        raise Refused(
            403,
            "this changes something, and any page could make a browser ask for it: send a header "
            f"{OWN_HEADER}, or use the endpoints below /dreambooth/v1",
        )
