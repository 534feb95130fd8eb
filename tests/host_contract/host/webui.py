"""Starts the stand-in: as the real ones do with Gradio's own launch, or with the HTTP interface alone."""

import asyncio
import logging
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from flavour import FLAVOUR
from modules import initialize, script_callbacks, shared, ui, ui_extra_networks
from modules.api.api import Api, add_lora_routes
from modules.call_queue import queue_lock
from modules.progress import setup_progress_api
from modules.shared_cmd_options import cmd_opts
from snapshot import write_snapshot
from starlette.middleware.gzip import GZipMiddleware


class LoopInAnyThread(asyncio.DefaultEventLoopPolicy):
    """Threads get a loop as soon as they ask for one."""

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        try:
            return super().get_event_loop()
        except RuntimeError:
            self.set_event_loop(self.new_event_loop())
            return super().get_event_loop()


ADDRESS = cmd_opts.server_name or ("0.0.0.0" if cmd_opts.listen else "127.0.0.1")


def logins() -> list[tuple[str, ...]] | None:
    given = cmd_opts.gradio_auth or getattr(cmd_opts, "auth", None)
    return [tuple(pair.split(":", 1)) for pair in given.split(",")] if given else None


def setup_middleware(app: FastAPI) -> None:
    """Gradio's own opening to all pages of the world is taken away."""
    app.user_middleware = [layer for layer in app.user_middleware if layer.cls.__name__ != "CORSMiddleware"]
    app.middleware_stack = None
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.build_middleware_stack()


def start() -> FastAPI:
    """One page, until it is reloaded."""
    script_callbacks.before_ui_callback()
    shared.demo = ui.create_ui()
    if not cmd_opts.no_gradio_queue:
        shared.demo.queue(64)
    app, *_ = shared.demo.launch(
        server_name=ADDRESS,
        server_port=cmd_opts.port,
        auth=logins(),
        prevent_thread_lock=True,
        allowed_paths=[shared.data_path],
        app_kwargs={"docs_url": "/docs", "redoc_url": "/redoc"},
        root_path=f"/{cmd_opts.subpath}" if cmd_opts.subpath else "",
        quiet=True,
    )
    setup_middleware(app)
    setup_progress_api(app)
    ui.setup_ui_api(app)
    if cmd_opts.api or FLAVOUR == "SD.Next":
        Api(app, queue_lock)
    ui_extra_networks.add_pages_to_demo(app)
    add_lora_routes(app)
    script_callbacks.app_started_callback(shared.demo, app)
    write_snapshot(app, Path(cmd_opts.ui_config_file))
    return app


def webui() -> None:
    """Pages, one after the other."""
    while True:
        app = start()
        add_state_route(app)
        if shared.state.wait_for_server_command() != "restart":
            return
        shared.demo.close()
        time.sleep(0.5)  # until its port is free again
        script_callbacks.app_reload_callback()
        script_callbacks.script_unloaded_callback()
        initialize.initialize_rest()


def add_state_route(app: FastAPI) -> None:
    """Tells tests how often the page was started: no host has it."""
    starts.append("start")
    told: dict[str, Any] = {"starts": len(starts)}
    app.add_api_route("/stand_in", lambda: told, methods=["GET"])


starts: list[str] = []


def api_only() -> None:
    app = FastAPI()
    setup_middleware(app)
    Api(app, queue_lock)
    script_callbacks.before_ui_callback()
    script_callbacks.app_started_callback(None, app)
    write_snapshot(app, Path(cmd_opts.ui_config_file))
    uvicorn.run(app, host=ADDRESS, port=cmd_opts.port, log_level="warning")


if __name__ == "__main__":
    asyncio.set_event_loop_policy(LoopInAnyThread())
    logging.basicConfig(level=logging.WARNING)
    initialize.initialize_rest()
    if cmd_opts.nowebui:
        api_only()
    elif FLAVOUR == "Forge":  # which keeps its main thread for generation
        page = threading.Thread(target=webui)
        page.start()
        page.join()
    else:
        webui()
