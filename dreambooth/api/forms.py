"""Multipart forms, read within limits, and refused in words where they are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from dreambooth.api.errors import Refused
from dreambooth.api.reading import refuse_other_content, refuse_too_large, too_large

MULTIPART = "multipart/form-data"
MOST_TEXTS = 100


@asynccontextmanager
async def read_form(request: Request, most_bytes: int, most_files: int) -> AsyncIterator[FormData]:
    """The fields and files of the body, which are gone afterwards; raises Refused."""
    refuse_other_content(request, MULTIPART)
    refuse_too_large(request, most_bytes)
    counted = Request(request.scope, _Counted(request, most_bytes).receive)
    try:
        form = await counted.form(max_files=most_files, max_fields=MOST_TEXTS)
    except MultiPartException as error:
        raise _bad_form(error.message) from None
    except HTTPException as error:  # which Starlette makes of it inside an app
        raise _bad_form(error.detail) from None
    except ClientDisconnect:
        raise Refused(HTTPStatus.BAD_REQUEST, "the request ended before it was whole") from None
    try:
        yield form
    finally:
        await form.close()


def _bad_form(reason: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, f"the body is no multipart form: {reason}")


class _Counted:
    """Counts what comes in, and stops where it is too much."""

    def __init__(self, request: Request, most_bytes: int) -> None:
        self._request = request
        self._most_bytes = most_bytes
        self._num_bytes = 0

    async def receive(self) -> Message:
        """The next part of the body."""
        message = await self._request.receive()
        self._num_bytes += len(message.get("body", b""))
        if self._num_bytes > self._most_bytes:
            raise too_large(self._most_bytes)
        return message
