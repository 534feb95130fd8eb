"""The page inside Gradio, whichever from 3.41 to 6: the only file that imports it, or asks what it can do."""

from __future__ import annotations

import inspect
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI

from dreambooth.ui.page import draw_page
from dreambooth.visitors import is_own_page

CALL = "dreambooth_call"  # the name that javascript/dreambooth.js calls
Answer = Callable[[Any], dict[str, Any]]


def build_tab(answer: Answer, webui: str = "") -> gr.Blocks:
    """The page, and the one function through which it asks for everything: JSON text in, JSON text out.

    ``webui`` is the name of the one that the tab lies in.
    """

    def call(asked: str, request: gr.Request) -> str:
        if not is_own_page(request.headers.get("origin"), request.headers.get("host")):
            # old Gradios answer pages of any other server, too
            return json.dumps({"refused": "only the page itself may ask"})
        return json.dumps(answer(json.loads(asked)), ensure_ascii=False)

    with gr.Blocks(analytics_enabled=False, title="Dreambooth trainer") as tab:
        gr.HTML(str(draw_page(webui)))
        asked = gr.Textbox(visible=False, elem_id="dreambooth_asked")
        told = gr.Textbox(visible=False, elem_id="dreambooth_told")
        button = gr.Button(visible=False, elem_id="dreambooth_ask")
        button.click(call, inputs=[asked], outputs=[told], api_name=CALL, queue=False)
    for block in tab.blocks.values():
        block.do_not_save_to_config = True  # webuis would force their values of today on every later version
    return tab


def mount(app: FastAPI, tab: gr.Blocks, auth: Callable[[str, str], bool] | None) -> FastAPI:
    """The tab as the whole page of a server of our own; ``auth`` says whether somebody may come in."""
    known = inspect.signature(gr.mount_gradio_app).parameters
    wanted = {"auth": auth, "ssr_mode": False}
    if "auth" not in known:
        tab.auth, tab.auth_message = auth, None  # of 3.41, which takes both from the tab itself
    return gr.mount_gradio_app(app, tab, path="/", **{name: wanted[name] for name in wanted if name in known})


def upload_folder() -> Path:
    """Where Gradio puts files that the page hands over."""
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
