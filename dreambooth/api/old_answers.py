"""What programs of the old extension wait for: the end of a job, pictures, and pictures in a zip."""

from __future__ import annotations

import re
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from anyio import from_thread
from starlette.responses import Response, StreamingResponse

from dreambooth.api.endpoint import Asked
from dreambooth.api.errors import Refused
from dreambooth.api.pictures import send_picture
from dreambooth.jobs.run_end import find_outcome

POLL_SECONDS = 0.2
BLOCK_BYTES = 1 << 20
ZIP = "application/x-zip-compressed"  # what the old extension called it


def finish(asked: Asked, told: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a job that was begun; raises Refused when it did not end well, or nobody waits."""
    run = asked.place.library.find_run(told["run"])
    while (end := find_outcome(run)) is None:
        if from_thread.run(asked.request.is_disconnected):
            raise Refused(503, "nobody waits for the job any more; it goes on")
        time.sleep(POLL_SECONDS)
    if end["outcome"] != "done":
        status = 422 if end["outcome"] == "refused" else 500
        raise Refused(status, end.get("message") or f"the job was {end['outcome']}")
    result: dict[str, Any] = end.get("result") or {}
    return result


def send_pictures(pictures: Mapping[str, Path], name: str) -> Response:
    """One picture as it is, more of them in a zip, by their names in it."""
    if len(pictures) == 1:
        return send_picture(next(iter(pictures.values())))
    return send_zip(pictures, name)


def send_zip(files: Mapping[str, Path], name: str) -> Response:
    """Files by the names that they have in the zip; those that are gone by now are left out."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
    with zipfile.ZipFile(file, "w") as archive:  # pictures do not get smaller
        for inner, path in files.items():
            if path.is_file():
                archive.write(path, inner)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)  # old programs read the name as it stands in the header
    headers = {
        "content-disposition": f"attachment; filename={plain}_images.zip",
        "content-length": str(file.tell()),
    }
    return StreamingResponse(_read(file), media_type=ZIP, headers=headers)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            yield block
