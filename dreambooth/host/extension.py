"""What scripts/dreambooth_tab.py registers with the webui: the tab, the settings, the start and the end."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import FastAPI

from dreambooth.actions.table import answer, find_actions
from dreambooth.actions.workplace import Workplace
from dreambooth.api.app import build_api
from dreambooth.api.mounting import mount_api
from dreambooth.host.gate import gate_of_webui
from dreambooth.host.lender import lend_device
from dreambooth.host.loaded import loaded
from dreambooth.host.settings_section import add_settings
from dreambooth.host.webui import Webui
from dreambooth.jobs.library import Library
from dreambooth.ui.gradio_tab import build_tab, upload_folder

__all__ = ["add_settings", "draw_tab", "find_place", "lend_device", "start", "stop"]


def find_place() -> Workplace:
    """The models of this webui."""
    webui = Webui()
    folders = (upload_folder(), *webui.upload_folders())
    return Workplace(Library(webui.models_folder()), webui, upload_folders=folders)


def draw_tab() -> Any:  # noqa: ANN401 - Gradio's Blocks
    """The page; models, runs and settings are on disk, so a new page shows what the last one did."""
    return build_tab(partial(answer, find_place(), find_actions()))


def start(_demo: object, app: FastAPI) -> None:
    """The webui's server has begun to answer, with pages or without: after every reload it is another one."""
    mount_api(app, build_api(find_place(), gate_of_webui(app, loaded("shared").cmd_opts)))


def stop() -> None:
    """The webui is about to draw its page anew; jobs go on."""
