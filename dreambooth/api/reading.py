"""What a request brings: its query and its body, read within limits and checked against the schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import ClientDisconnect, Request

from dreambooth.api.checking import find_faults
from dreambooth.api.errors import Refused
from dreambooth.api.limits import MOST_JSON_BYTES
from dreambooth.api.schema import Schema
from dreambooth.config.folders import find_name_fault
from dreambooth.config.store import Fault

JSON = "application/json"
NUMBER_TEXT = re.compile(r"-?[0-9]{1,300}(\.[0-9]+)?(e-?[0-9]{1,2})?")


def content_type(request: Request) -> str:
    """What the body says it is, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refuse_other_content(request: Request, wanted: str) -> None:
    """Raise Refused for a body of another kind; a page elsewhere cannot send ours without asking first."""
    if content_type(request) != wanted:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send the content type {wanted}")


def refuse_too_large(request: Request, most_bytes: int) -> None:
    """Raise Refused for a body that says itself that it is too large, before it is read."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told) > most_bytes:
        raise too_large(most_bytes)


def too_large(most_bytes: int) -> Refused:
    """The refusal of more bytes than are taken."""
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {most_bytes} bytes")


def read_query(request: Request, schema: Schema) -> dict[str, Any]:
    """The parameters behind the path; raises Refused with every fault."""
    known = schema["properties"]
    given = request.query_params.multi_items()
    values = {name: _parse(known.get(name, {}), text) for name, text in given}
    twice = {name for name in values if sum(name == other for other, _ in given) > 1}
    _refuse([*(Fault(name, "is given twice") for name in sorted(twice)), *find_faults(schema, values)])
    return values


def _parse(schema: Schema, text: str) -> Any:  # noqa: ANN401 - what the schema says, or the text as it is
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if schema.get("type") == "integer" and text.removeprefix("-").isdecimal() and text.isascii():
        return int(text) if len(text) < 20 else float(text)
    if schema.get("type") == "number" and NUMBER_TEXT.fullmatch(text):
        return float(text)
    return text


async def read_json(request: Request, schema: Schema) -> dict[str, Any]:
    """The body, an object; raises Refused for what is none, and with every fault."""
    refuse_other_content(request, JSON)
    values = parse_json(await read_within(request, MOST_JSON_BYTES))
    if not isinstance(values, dict):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be an object")
    _refuse(list(find_faults(schema, values)))
    return values


async def read_within(request: Request, most_bytes: int) -> bytes:
    """The body as it came; raises Refused for one that is too large, or ends too early."""
    refuse_too_large(request, most_bytes)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise too_large(most_bytes)
    except ClientDisconnect:
        raise Refused(HTTPStatus.BAD_REQUEST, "the request ended before it was whole") from None
    return bytes(body)


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - from outside
    """Strict JSON in UTF-8, without half characters and numbers that are none; raises Refused."""
    try:
        values = json.loads(body.decode(), parse_constant=_refuse_constant)
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:  # UnicodeError is a ValueError
        raise Refused(
            HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error or 'nested too deeply'}"
        ) from None
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _refuse(faults: list[Fault]) -> None:
    if faults:
        message = "\n".join(
            f"{fault.field}: {fault.advice}" if fault.field else fault.advice for fault in faults
        )
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, message, faults=faults)


def read_path(given: Mapping[str, str]) -> dict[str, str]:
    """The parts of the path that stand for names; where no model can have one, there is none."""
    name = given.get("name")
    if name is not None and find_name_fault(name):
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no model {name!r}")
    return dict(given)
