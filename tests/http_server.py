"""A server of the API alone, on a free port, in a thread of the test: real sockets, real HTTP."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette

from dreambooth.actions.workplace import Workplace
from dreambooth.api.app import build_api
from dreambooth.api.mounting import mount_api
from dreambooth.host.gate import HostGate


@dataclass
class Login:
    """A login of the page that somebody may have come in by: a stand-in for Gradio's app."""

    auth: object = None
    tokens: Mapping[str, object] = field(default_factory=dict)


def gate_with(passwords: Mapping[str, str] | None = None, login: Login | None = None) -> HostGate:
    """The gate of a host with these passwords of its API, and with this login of its page."""
    return HostGate(gradio=lambda: login, passwords=lambda: passwords or {}, serves_others=lambda: False)


@contextmanager
def serve_api(place: Workplace, gate: HostGate | None = None) -> Iterator[str]:
    """The address of a server that answers for a place."""
    app = Starlette()
    mount_api(app, build_api(place, gate or gate_with()))
    with serve_app(app) as url:
        yield url


@contextmanager
def serve_app(app: object) -> Iterator[str]:
    """The address of a server of any app."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
