"""The host's HTTP interface, as far as it meets what an extension does."""

import base64
import io
import secrets
from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from PIL import PngImagePlugin

from modules import processing, sd_models, shared, ui, ui_extra_networks


class Api:
    """Routes under /sdapi/v1, behind --api-auth; those that extensions add are behind nothing."""

    def __init__(self, app: FastAPI, queue_lock: Any) -> None:
        self.queue_lock = queue_lock
        known = (pair.split(":") for pair in (shared.cmd_opts.api_auth or "").split(",") if pair)
        self.credentials = dict(known)
        needed = [Depends(self.auth)] if self.credentials else []

        def add(path: str, endpoint: Any, method: str) -> None:
            app.add_api_route(f"/sdapi/v1/{path}", endpoint, methods=[method], dependencies=needed)

        add("txt2img", self.text2imgapi, "POST")
        add("progress", self.progressapi, "GET")
        add("interrupt", shared.state.interrupt, "POST")
        add("skip", shared.state.skip, "POST")
        add("options", lambda: dict(shared.opts.data), "GET")
        add("options", self.set_config, "POST")
        add("sd-models", self.get_sd_models, "GET")
        add("refresh-checkpoints", self.refresh_checkpoints, "POST")
        if shared.demo is None:
            ui.create_ui()  # for the arguments of scripts

    def auth(self, given: HTTPBasicCredentials = Depends(HTTPBasic())) -> bool:  # noqa: B008
        known = self.credentials.get(given.username)
        if known is not None and secrets.compare_digest(given.password, known):
            return True
        raise HTTPException(401, "Incorrect username or password", {"WWW-Authenticate": "Basic"})

    def text2imgapi(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Waits for the queue, as the page's Generate does."""
        p = processing.StableDiffusionProcessingTxt2Img(**asked)
        with self.queue_lock:
            shared.state.begin("scripts_txt2img")
            try:
                done = processing.process_images(p)
            finally:
                p.close()
                shared.state.end()
        return {"images": [_encode(image) for image in done.images], "parameters": asked, "info": done.info}

    def progressapi(self) -> dict[str, Any]:
        state = shared.state
        if state.job_count == 0:
            return {"progress": 0, "eta_relative": 0, "state": state.dict(), "textinfo": state.textinfo}
        share = state.sampling_step / state.sampling_steps if state.sampling_steps else 0.0
        return {"progress": share, "eta_relative": 0, "state": state.dict(), "textinfo": state.textinfo}

    def set_config(self, asked: dict[str, Any]) -> None:
        for name, value in asked.items():
            shared.opts.set(name, value)
        shared.opts.save(shared.config_filename)

    def get_sd_models(self) -> list[dict[str, Any]]:
        return [
            {"title": info.title, "model_name": info.model_name, "filename": info.filename}
            for info in sd_models.checkpoints_list.values()
        ]

    def refresh_checkpoints(self) -> None:
        with self.queue_lock:
            shared.refresh_checkpoints()


def _encode(image: Any) -> str:
    words = PngImagePlugin.PngInfo()
    words.add_text("parameters", image.info["parameters"])
    with io.BytesIO() as file:
        image.save(file, "PNG", pnginfo=words)
        return base64.b64encode(file.getvalue()).decode()


def add_lora_routes(app: FastAPI) -> None:
    """What the built-in extension for LoRA adds, behind nothing."""

    def refresh() -> None:
        for page in ui_extra_networks.extra_pages:
            page.refresh()

    app.add_api_route("/sdapi/v1/refresh-loras", refresh, methods=["POST"])
