"""Our own server: the same page as in a webui, with the Gradio of our own environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from dreambooth.actions.table import answer, find_actions
from dreambooth.actions.workplace import SourceFile, Workplace
from dreambooth.api.app import build_api
from dreambooth.api.mounting import mount_api
from dreambooth.config.store import ConfigError
from dreambooth.host.gate import HostGate, find_login_app
from dreambooth.host.head import HeadWriter
from dreambooth.host.login import is_same
from dreambooth.jobs.library import Library
from dreambooth.ui.gradio_tab import build_tab, mount, upload_folder

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "javascript"
STYLE = ROOT / "style.css"
CHECKPOINTS = (".safetensors", ".ckpt")
# Here the page is all there is, so it gets the room that Gradio leaves at the edges of its own.
FRAME = """<style>
.gradio-container.app, .gradio-container .app { max-width: none !important; padding: 0 8px !important; }
.gradio-container .html-container { padding: 0 !important; }
.gradio-container footer { display: none !important; }
</style>"""


@dataclass(frozen=True)
class Standalone:
    """Folders in the place of a webui's; they are those of a webui's when ``data_dir`` is one."""

    data_dir: Path
    serves_others: bool = False  # other machines
    name: str = field(default="standalone", init=False)

    def is_local(self) -> bool:
        """Whether nobody but those who sit at this machine can come in."""
        return not self.serves_others

    def checkpoint_folder(self) -> Path:
        """``models/Stable-diffusion``, as the webuis call it."""
        return self.data_dir / "models" / "Stable-diffusion"

    def lora_folder(self) -> Path:
        """``models/Lora``."""
        return self.data_dir / "models" / "Lora"

    def embeddings_folder(self) -> Path:
        """``embeddings``, which lies beside ``models``."""
        return self.data_dir / "embeddings"

    def hypernetworks_folder(self) -> Path:
        """``models/hypernetworks``."""
        return self.data_dir / "models" / "hypernetworks"

    def vae_folder(self) -> Path:
        """``models/VAE``."""
        return self.data_dir / "models" / "VAE"

    def sources(self) -> list[SourceFile]:
        """The checkpoints in the folder for them."""
        folder = self.checkpoint_folder()
        found = (
            sorted(path for path in folder.rglob("*") if path.suffix in CHECKPOINTS)
            if folder.is_dir()
            else []
        )
        return [SourceFile(str(path.relative_to(folder)), path) for path in found]


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where the server listens, and who may come in."""

    port: int
    to_all: bool = False
    user: str = ""
    password: str = ""

    @property
    def address(self) -> str:
        """This machine alone, or all that can reach it."""
        return "0.0.0.0" if self.to_all else "127.0.0.1"

    def is_known(self, user: str, password: str) -> bool:
        """Whether somebody may come in."""
        return is_same(user, self.user) & is_same(password, self.password)


def parse_listening(port: int, auth: str, *, to_all: bool) -> Listening:
    """What the command line said; raises ConfigError where everybody could come in."""
    user, colon, password = auth.partition(":")
    if auth and not (user and colon and password):
        raise ConfigError("--auth: write it as user:password")
    if to_all and not auth:
        raise ConfigError("--listen lets everybody in who can reach this machine: add --auth user:password")
    return Listening(port=port, to_all=to_all, user=user, password=password)


def build_app(place: Workplace, listening: Listening) -> FastAPI:
    """The server with page, scripts and style."""
    scripts = sorted(SCRIPTS.glob("*.js"))
    tags = [
        f'<script src="/dreambooth_page/{path.name}?{path.stat().st_mtime_ns}" defer></script>'
        for path in scripts
    ]
    tags.append(f'<link rel="stylesheet" href="/dreambooth_page/style.css?{STYLE.stat().st_mtime_ns}">')
    tags.append(FRAME)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(HeadWriter, tags="".join(tags))
    app.add_api_route("/dreambooth_page/style.css", lambda: FileResponse(STYLE), include_in_schema=False)
    app.mount("/dreambooth_page", StaticFiles(directory=SCRIPTS))
    is_known: Callable[[str, str], bool] | None = listening.is_known if listening.user else None
    mount(app, build_tab(partial(answer, place, find_actions())), is_known)
    mount_api(app, build_api(place, gate_of_server(app, listening)))
    return app


def gate_of_server(app: FastAPI, listening: Listening) -> HostGate:
    """Who has logged in to the page comes in, and who sends the same name and password with each request."""
    passwords = {listening.user: listening.password} if listening.user else {}
    return HostGate(
        gradio=lambda: find_login_app(app),
        passwords=lambda: passwords,
        serves_others=lambda: listening.to_all,
    )


def serve(library: Library, data_dir: Path, listening: Listening, tell: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C."""
    library.path.mkdir(parents=True, exist_ok=True)
    place = Workplace(
        library,
        Standalone(data_dir.resolve(), serves_others=listening.to_all),
        upload_folders=(upload_folder(),),
    )
    app = build_app(place, listening)
    tell(f"http://{'127.0.0.1' if not listening.to_all else 'this-machine'}:{listening.port}")
    uvicorn.run(app, host=listening.address, port=listening.port, log_level="warning")
