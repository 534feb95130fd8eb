"""The key that programs of the old extension send: in the query, a header, or a form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from dreambooth.api.reading import content_type

NAME = "api_key"
URL_ENCODED = "application/x-www-form-urlencoded"
MOST_DIGITS = 5  # of the length of a form that is read before anybody is let in


async def find_keys(request: Request) -> list[str]:
    """All keys that a request brings."""
    keys = [request.query_params.get(NAME), request.headers.get(NAME), request.headers.get("api-key")]
    if content_type(request) == URL_ENCODED and _tells_small_length(request):
        keys.append(await _find_in_form(request))
    return [key for key in keys if key]


def _tells_small_length(request: Request) -> bool:
    told = request.headers.get("content-length", "")
    return told.isascii() and told.isdigit() and len(told) <= MOST_DIGITS


async def _find_in_form(request: Request) -> str | None:
    try:
        body = await request.body()  # kept there for whoever reads it next
    except ClientDisconnect:
        return None
    return dict(parse_qsl(body.decode(errors="replace"))).get(NAME)
