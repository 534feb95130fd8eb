"""A server of the app alone, on a free port, as long as a test needs it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from dreambooth.actions.workplace import Workplace
from dreambooth.api.app import build_api
from dreambooth.api.gate import Refusal
from dreambooth.api.mounting import mount_api


@dataclass(frozen=True)
class OpenGate:
    """Lets everybody in, or refuses everybody."""

    refusal: Refusal | None = None

    def find_refusal(self, _: HTTPConnection) -> Refusal | None:
        """The same for all."""
        return self.refusal


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Where the app answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def client_of(place: Workplace, refusal: Refusal | None = None) -> Iterator[httpx.Client]:
    """Somebody who asks the API over a library, through a real server."""
    app = Starlette()
    mount_api(app, build_api(place, OpenGate(refusal)))
    with serving(app) as url, httpx.Client(base_url=f"{url}/dreambooth", timeout=60) as client:
        yield client
