"""Names of jobs in addresses: one part of a path, in letters that need no quoting, the same at any time."""

from __future__ import annotations

import re

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError, NotFound
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import JOBS

PLAIN = re.compile(r"[A-Za-z0-9_-]")


def id_of_place(place: str) -> str:
    """The id of the run at a place: ``NAME.RUN``, or ``RUN`` for one that belongs to no model."""
    above, _, run = place.rpartition("/")
    return _quote(run) if above == JOBS else f"{_quote(above.partition('/')[0])}.{_quote(run)}"


def place_of_id(job: str) -> str:
    """The place again; raises NotFound for what is no id."""
    name, dot, run = job.rpartition(".")
    try:
        place = f"{_unquote(name)}/runs/{_unquote(run)}" if dot else f"{JOBS}/{_unquote(run)}"
    except ValueError:
        place = ""
    if not place or id_of_place(place) != job:
        raise NotFound(f"there is no job {job}")
    return place


def find_job(library: Library, job: str) -> RunFolder:
    """The run of an id; raises NotFound when there is none, or none any more."""
    try:
        run = library.find_run(place_of_id(job))
    except ConfigError:
        raise NotFound(f"there is no job {job}") from None
    if not run.config_file.is_file():
        raise NotFound(f"there is no job {job}")
    return run


def _quote(name: str) -> str:
    return "".join(c if PLAIN.fullmatch(c) else "".join(f"~{byte:02x}" for byte in c.encode()) for c in name)


def _unquote(quoted: str) -> str:
    parts = re.split(r"~([0-9a-f]{2})", quoted)
    return b"".join(
        bytes.fromhex(part) if number % 2 else part.encode() for number, part in enumerate(parts)
    ).decode()
