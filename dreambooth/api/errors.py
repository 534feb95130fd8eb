"""Refusals and faults as answers: a status, one sentence, and the fields that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

from dreambooth.config.store import ConfigError, Conflict, Fault, NotFound, Unavailable

STATUSES: Mapping[type[ConfigError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Refused(Exception):
    """A request that is answered with an error of HTTP."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        faults: list[Fault] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.faults = faults or []
        self.headers = headers or {}


def refused_by(error: ConfigError) -> Refused:
    """The refusal of an action as one of HTTP."""
    fitting = (status for kind, status in STATUSES.items() if isinstance(error, kind))
    return Refused(next(fitting, HTTPStatus.UNPROCESSABLE_ENTITY), str(error), faults=error.faults)


def to_answer(refused: Refused) -> JSONResponse:
    """The refusal with its status."""
    return JSONResponse(describe(refused), status_code=refused.status, headers=dict(refused.headers))


def describe(refused: Refused) -> dict[str, object]:
    """``{"error": {"message": …, "problems": [{"field": …, "advice": …}]}}``."""
    problems = [{"field": each.field, "advice": each.advice} for each in refused.faults if each.field]
    return {"error": {"message": str(refused), "problems": problems}}
