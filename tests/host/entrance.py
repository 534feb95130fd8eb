"""Who is let in where, tried out on a real Gradio, whichever this Python has; prints what came of it."""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
from fastapi import FastAPI

from dreambooth.actions.workplace import Workplace
from dreambooth.api.app import build_api
from dreambooth.api.mounting import mount_api
from dreambooth.host.gate import gate_of_webui
from dreambooth.jobs.library import Library
from dreambooth.ui.gradio_tab import mount

HERE, OTHER = "http://127.0.0.1:7860", "http://192.168.1.9:7860"
JSON = {"content-type": "application/json"}
ROUTES = {
    "read": ("GET", "/v1/models", {}),
    "write": ("POST", "/v1/actions/presets.list", {"json": {"values": {}}}),
    "upload": ("POST", "/v1/models/x/concepts/0/images", {"files": {"files": ("a.png", b"1")}}),
    "stream": ("GET", "/v1/jobs/x/events", {}),
    "file": ("GET", "/v1/models/x/images?file=a.png", {}),
    "document": ("GET", "/openapi.json", {}),
    "nothing": ("GET", "/no/such/place", {}),
    "options": ("OPTIONS", "/v1/models", {}),
}
LET_IN = {
    "read": 200,
    "write": 200,
    "upload": 404,
    "stream": 404,
    "file": 404,
    "document": 200,
    "nothing": 404,
}
LET_IN |= {"nothing": 404, "options": 204}


@dataclass(frozen=True)
class Webui:
    """As much of a webui as a gate asks."""

    name: str = "webui"
    serves_others: bool = False

    def is_local(self):
        return not self.serves_others


@dataclass(frozen=True)
class Setup:
    """A webui's command line."""

    gradio_auth: bool = False
    api_auth: bool = False
    listen: bool = False


SETUPS = {
    "none": Setup(),
    "gradio-auth": Setup(gradio_auth=True),
    "api-auth": Setup(api_auth=True),
    "both": Setup(gradio_auth=True, api_auth=True),
    "listen": Setup(listen=True),
    "listen with gradio-auth": Setup(gradio_auth=True, listen=True),
    "listen with api-auth": Setup(api_auth=True, listen=True),
}


def build_app(setup: Setup) -> FastAPI:
    """A page with Gradio's login, if one is wanted, and our routes in front of it."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Textbox()
    login = (lambda user, password: (user, password) == ("ann", "page")) if setup.gradio_auth else None
    mount(app, page, login)
    webui = Webui(serves_others=setup.listen)
    options = SimpleNamespace(api_auth="bob:program,eve:x" if setup.api_auth else None)
    place = Workplace(Library(Path(tempfile.gettempdir()) / "no such models"), webui)
    mount_api(app, build_api(place, gate_of_webui(app, options, webui)))
    return app


async def ask_all(client: httpx.AsyncClient, **more) -> dict[str, int]:
    """The status of each kind of route."""
    told = {}
    for kind, (method, path, content) in ROUTES.items():
        answer = await client.request(method, f"/dreambooth{path}", **content, **more)
        told[kind] = answer.status_code
    return told


async def try_setup(setup: Setup) -> dict[str, dict[str, int]]:
    """What each visitor is answered."""
    base = OTHER if setup.listen else HERE
    transport = httpx.ASGITransport(app=build_app(setup))
    told = {}
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        told["stranger"] = await ask_all(client)
        told["program"] = await ask_all(client, auth=("bob", "program"))
        told["wrong password"] = await ask_all(client, auth=("bob", "page"))
        told["foreign page"] = await ask_all(client, headers={"origin": "http://elsewhere.example"})
        told["foreign name"] = await ask_all(client, headers={"host": "elsewhere.example:7860"})
        await client.post("/login", data={"username": "ann", "password": "page"})
        told["visitor"] = await ask_all(client)
        told["visitor on a foreign page"] = await ask_all(
            client, headers={"origin": "http://elsewhere.example"}
        )
    return told


def try_all() -> dict[str, dict[str, dict[str, int]]]:
    """Every visitor of every setup."""
    return {name: asyncio.run(try_setup(setup)) for name, setup in SETUPS.items()}


if __name__ == "__main__":
    json.dump(try_all(), sys.stdout)
