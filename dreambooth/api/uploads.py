"""Files that a request brings, in a folder of our own for as long as it is answered."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from dreambooth.api.endpoint import Received
from dreambooth.api.errors import Refused
from dreambooth.api.limits import MOST_FILES, MOST_UPLOAD_BYTES
from dreambooth.api.reading import refuse_other_content, refuse_too_large, too_large
from dreambooth.config.store import Fault

MULTIPART = "multipart/form-data"


@asynccontextmanager
async def received_files(request: Request, field: str) -> AsyncIterator[tuple[Path, tuple[Received, ...]]]:
    """The files of a multipart body, all in fields of this name, and the folder that they lie in."""
    refuse_other_content(request, MULTIPART)
    refuse_too_large(request, MOST_UPLOAD_BYTES)
    counted = Request(request.scope, _Counted(request).receive)
    try:
        async with counted.form(max_files=MOST_FILES, max_fields=1) as form:
            uploads = _pick(form.multi_items(), field)
            with tempfile.TemporaryDirectory(prefix="dreambooth_upload_") as name:
                folder = Path(name).resolve()
                yield folder, await run_in_threadpool(_keep, uploads, folder)
    except MultiPartException as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is no multipart form: {error.message}") from None
    except HTTPException as error:  # which Starlette makes of it inside an app
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is no multipart form: {error.detail}") from None
    except ClientDisconnect:
        raise Refused(HTTPStatus.BAD_REQUEST, "the request ended before it was whole") from None


class _Counted:
    """Counts what comes in, and stops where it is too much."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._num_bytes = 0

    async def receive(self) -> Message:
        """The next part of the body."""
        message = await self._request.receive()
        self._num_bytes += len(message.get("body", b""))
        if self._num_bytes > MOST_UPLOAD_BYTES:
            raise too_large(MOST_UPLOAD_BYTES)
        return message


def _pick(items: Sequence[tuple[str, UploadFile | str]], field: str) -> list[UploadFile]:
    faults = [Fault(name, "there is no such field") for name, _ in items if name != field]
    faults += [
        Fault(name, "must be a file, with a name")
        for name, part in items
        if name == field and isinstance(part, str)
    ]
    if not items:
        faults = [Fault(field, "must be given")]
    if faults:
        told = "\n".join(f"{each.field}: {each.advice}" for each in faults)
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, told, faults=faults)
    return [part for _, part in items if isinstance(part, UploadFile)]


def _keep(uploads: Sequence[UploadFile], folder: Path) -> tuple[Received, ...]:
    """Written under numbers; the names that they came with are never those of files here."""
    received = []
    for number, upload in enumerate(uploads):
        path = folder / str(number)
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        received.append(Received(path, upload.filename or ""))
    return tuple(received)
