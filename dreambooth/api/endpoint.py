"""One thing that can be asked over HTTP, described once: for the app, for its checks and for its document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dreambooth.actions.table import find_actions
from dreambooth.actions.workplace import Workplace
from dreambooth.api.job_ids import id_of_place
from dreambooth.api.schema import Schema, object_of


@dataclass(frozen=True)
class Received:
    """A file that was sent, for as long as the request is answered."""

    path: Path
    name: str


@dataclass(frozen=True)
class Asked:
    """A request that was let in, read and checked."""

    place: Workplace
    request: Request
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    files: tuple[Received, ...] = ()

    def perform(self, action: str, **values: object) -> dict[str, Any]:
        """What an action answers; of a job that it began, the id too."""
        return with_job(find_actions()[action](self.place, values))


def with_job(told: dict[str, Any]) -> dict[str, Any]:
    """An answer that names a run names its job as well."""
    names_run = isinstance(told.get("run"), str) and "job" not in told
    return {"job": id_of_place(told["run"]), **told} if names_run else told


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method of a path: what it takes, what it does, what it answers.

    ``perform`` runs in a thread. With ``files`` the body is multipart, and they come in fields of that name.
    """

    method: str
    path: str
    summary: str
    perform: Callable[[Asked], dict[str, Any] | Response]
    answers: Schema
    names: Mapping[str, Schema] = field(default_factory=dict)  # of the path, where they are not any text
    query: Schema = field(default_factory=lambda: object_of({}))
    body: Schema | None = None
    bodies: Mapping[str, Schema] = field(default_factory=dict)  # by content type, where ``perform`` reads it
    files: str = ""
    status: int = 200
    media: str = "application/json"
    or_json: Schema | None = None  # what it answers where there is nothing of that kind to send
    refusals: tuple[int, ...] = ()
    group: str = ""
    details: str = ""
    deprecated: bool = False


def through(action: str) -> Callable[[Asked], dict[str, Any]]:
    """Perform an action with everything that was given, by name."""

    def perform(asked: Asked) -> dict[str, Any]:
        return asked.perform(action, **{**asked.query, **asked.body, **asked.path})

    return perform
