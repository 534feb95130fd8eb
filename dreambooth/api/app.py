"""The app: lets in whom the gate lets in, finds what is asked, and answers in JSON whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dreambooth.actions.workplace import Workplace
from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.errors import Refused, refused_by, to_answer
from dreambooth.api.gate import Gate
from dreambooth.api.old_key import find_keys
from dreambooth.api.reading import read_json, read_path, read_query
from dreambooth.api.table import find_endpoints
from dreambooth.api.uploads import received_files
from dreambooth.config.store import ConfigError

logger = logging.getLogger(__name__)

NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def build_api(place: Workplace, gate: Gate) -> ASGIApp:
    """All endpoints over a library of models, behind a gate."""
    return Api(place, gate)


@dataclass(frozen=True)
class Found:
    """An endpoint that a request meant, and the names in its path."""

    endpoint: Endpoint
    names: dict[str, str]


class Api:
    """An ASGI app. Errors are answered here and never reach the app that it is mounted in."""

    def __init__(self, place: Workplace, gate: Gate) -> None:
        self._place = place
        self._gate = gate

    @cached_property
    def _routes(self) -> Sequence[tuple[Route, Endpoint]]:
        """Found when the first request comes: a webui that starts need not wait for them."""
        return [(Route(each.path, _never, methods=[each.method]), each) for each in find_endpoints()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; there are no web sockets here."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            response = await self._answer(request)
            if request.method == "HEAD":
                response = _without_body(response)
            for name, value in NO_STORE.items():
                response.headers.setdefault(name, value)
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            await self._refuse_strangers(request)
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers=self._find_allowed(request))
            return await self._perform(request, self._find(request))
        except Refused as refused:
            return to_answer(refused)
        except ConfigError as error:
            return to_answer(refused_by(error))
        except Exception as error:  # whoever asked is told, and the log has more
            logger.exception("%s %s failed", request.method, request.url.path)
            return to_answer(Refused(500, f"{type(error).__name__}: {error}"))

    async def _refuse_strangers(self, request: Request) -> None:
        refusal = self._gate.find_refusal(request)
        if refusal is None or (refusal.status == 401 and await self._brings_key(request)):
            return
        raise Refused(refusal.status, refusal.message, headers=refusal.headers)

    async def _brings_key(self, request: Request) -> bool:
        """Whether a password of the API comes as the key that programs of the old extension send."""
        matching = [each for route, each in self._routes if route.matches(request.scope)[0] is Match.FULL]
        is_old = bool(matching) and matching[0].deprecated
        return is_old and any(map(self._gate.knows_password, await find_keys(request)))

    def _find(self, request: Request) -> Found:
        for route, endpoint in self._routes:
            match, child = route.matches(request.scope)
            if match is Match.FULL:
                return Found(endpoint, read_path(child["path_params"]))
        allowed = self._find_allowed(request)
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} means nothing here", headers=allowed)

    def _find_allowed(self, request: Request) -> dict[str, str]:
        """The methods of a path, as a header; raises Refused where there is nothing."""
        paths = [route.path for route, _ in self._routes if route.matches(request.scope)[0] is not Match.NONE]
        if not paths:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here; openapi.json tells what there is")
        methods = {
            method for route, _ in self._routes if route.path == paths[0] for method in route.methods or ()
        }
        return {"allow": ", ".join(sorted({*methods, "OPTIONS"}))}

    async def _perform(self, request: Request, found: Found) -> Response:
        endpoint = found.endpoint
        query = read_query(request, endpoint.query)
        if endpoint.files:
            async with received_files(request, endpoint.files) as (folder, files):
                place = replace(self._place, upload_folders=(*self._place.upload_folders, folder))
                asked = Asked(place, request, found.names, query, {}, files)
                return await run_in_threadpool(_respond, endpoint, asked)
        body = await read_json(request, endpoint.body) if endpoint.body else {}
        asked = Asked(self._place, request, found.names, query, body)
        return await run_in_threadpool(_respond, endpoint, asked)


def _respond(endpoint: Endpoint, asked: Asked) -> Response:
    told = endpoint.perform(asked)
    return told if isinstance(told, Response) else JSONResponse(told, status_code=endpoint.status)


def _without_body(response: Response) -> Response:
    """The head of an answer alone."""
    bare = Response(status_code=response.status_code)
    bare.raw_headers = response.raw_headers
    return bare


async def _never(_: Request) -> Any:  # noqa: ANN401 - a route needs one; what is asked is found by the routes alone
    raise NotImplementedError
