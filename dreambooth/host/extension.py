"""What scripts/dreambooth_tab.py registers with the webui: the tab, the settings, the routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from dreambooth.actions.table import answer, find_actions
from dreambooth.actions.workplace import Workplace
from dreambooth.api.app import build_api
from dreambooth.api.mounting import mount_api
from dreambooth.environment import choose_folder
from dreambooth.host.gate import gate_of_webui
from dreambooth.host.lender import lend_device
from dreambooth.host.loaded import loaded
from dreambooth.host.settings_section import add_settings
from dreambooth.host.webui import Webui
from dreambooth.jobs.library import Library
from dreambooth.ui.gradio_tab import build_tab, upload_folder

__all__ = ["add_settings", "draw_tab", "find_place", "lend_device", "start"]


def find_place() -> Workplace:
    """The models of this webui; from now on environments lie where its command line says."""
    webui = Webui()
    choose_folder(webui.named_environments())
    return Workplace(Library(webui.models_folder()), webui, upload_folders=(upload_folder(),))


def draw_tab() -> Any:  # noqa: ANN401 - Gradio's Blocks
    """The page; models, runs and settings are on disk, so a new page shows what the last one did."""
    place = find_place()
    # A webui that starts need not wait for the actions: they are found when the page asks first.
    return build_tab(lambda asked: answer(place, find_actions(), asked), place.host.name)


def start(_: object, app: FastAPI) -> None:
    """A server has started, for the first time or after a reload; it may have no pages at all.

    Nothing has to be ended before a reload: routes go with their server, lending and jobs go on.
    """
    place = find_place()
    mount_api(app, build_api(place, gate_of_webui(app, loaded("shared").cmd_opts, place.host)))
