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
from starlette.requests import Request

from dreambooth.api.endpoint import Received
from dreambooth.api.errors import Refused
from dreambooth.api.forms import read_form
from dreambooth.api.limits import MOST_FILES, MOST_UPLOAD_BYTES
from dreambooth.config.store import Fault


@asynccontextmanager
async def received_files(request: Request, field: str) -> AsyncIterator[tuple[Path, tuple[Received, ...]]]:
    """The files of a multipart body, all in fields of this name, and the folder that they lie in."""
    async with read_form(request, MOST_UPLOAD_BYTES, MOST_FILES) as form:
        uploads = _pick(form.multi_items(), field)
        with tempfile.TemporaryDirectory(prefix="dreambooth_upload_") as name:
            folder = Path(name).resolve()
            yield folder, await run_in_threadpool(_keep, uploads, folder)


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
