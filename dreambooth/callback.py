"""Tells an address how a job ended, when whoever started the server named one: off by default.

The address is in a variable of the environment. So no request can name one, and no file that a webui serves
holds it, which matters for an address that is a secret in itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dreambooth.api.job_ids import id_of_place
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.events import find_end
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import find_model, job_of, read_job

CALLBACK_URL = "DREAMBOOTH_CALLBACK_URL"
TIMEOUT_SECONDS = 5.0
PAUSES_SECONDS = (1.0, 3.0)  # before the second and the third attempt


class CallbackError(Exception):
    """The address was not reached, or is none; the message does not tell it, since it may be a secret."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What was told to one address is told to no other."""

    def redirect_request(self, *_: object) -> None:
        return None


def find_fault(url: str) -> str | None:
    """Why something cannot be an address to tell, or None."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    is_plain = url.isascii() and url.isprintable() and " " not in url
    return None if is_address and is_plain else "write it as http://… or https://…"


def name_callback(url: str) -> None:
    """Have the workers that this process starts tell this address; raises ConfigError for what is none."""
    if fault := find_fault(url):
        raise ConfigError(f"--callback-url: {fault}")
    os.environ[CALLBACK_URL] = url  # which workers inherit


def start_telling(run: RunFolder) -> None:
    """Have a small process of its own tell how the run ended, if anybody is to be told.

    Whoever worked on the run can go, and its memory with it, however long the address takes to answer.
    """
    if not os.environ.get(CALLBACK_URL):
        return
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}  # type: ignore[attr-defined]
    command = [sys.executable, "-m", "dreambooth.callback", str(run.path)]
    try:
        with run.log_file.open("ab") as log:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **detached)
    except OSError as error:
        print(f"nobody was told of the end of the job: {error}")  # noqa: T201 - the log of the worker


def describe_end(run: RunFolder) -> dict[str, Any] | None:
    """What is told of a run that has ended; None for one that has not."""
    end = find_end(run)
    if end is None:
        return None
    model = find_model(run)
    library = Library((run.path / read_job(run)["models_dir"]).resolve())
    return {
        "job": id_of_place(library.run_place(RunFolder(run.path.resolve()))),
        "kind": job_of(run),
        "model": model.name if model else None,
        "outcome": end["outcome"],
        "message": end.get("message"),
        "result": end.get("result"),
    }


def post(url: str, about: Mapping[str, Any], pauses_seconds: Sequence[float] = PAUSES_SECONDS) -> None:
    """Tell it, as JSON; try again after each pause. Raises CallbackError for the last attempt that failed."""
    if fault := find_fault(url):
        raise CallbackError(f"{CALLBACK_URL} is no address: {fault}")
    body = json.dumps(about, ensure_ascii=False).encode()
    fault = _find_failure(url, body)
    for pause in pauses_seconds:
        if fault:
            time.sleep(pause)
            fault = _find_failure(url, body)
    if fault:
        raise CallbackError(fault)


def _find_failure(url: str, body: bytes) -> str | None:
    """Post it once; why that failed, or None. Whatever is answered with success is passed over."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"it answered {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        return f"it was not reached: {getattr(error, 'reason', type(error).__name__)}"


def main(run_path: Path) -> None:
    """Tell how the run ended; what goes wrong stands in its log, and harms nobody."""
    about = describe_end(RunFolder(run_path))
    if about is None:
        return
    try:
        post(os.environ[CALLBACK_URL].strip(), about)
    except CallbackError as error:
        print(f"the address that is to be told of the end of jobs was not told: {error}")  # noqa: T201 - the same log


if __name__ == "__main__":
    main(Path(sys.argv[1]))
