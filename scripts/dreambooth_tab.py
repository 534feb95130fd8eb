"""Run by a webui at its start and whenever it reloads: registers the tab, or one that says why there is none.

Everything of ours is imported here and now, as a webui takes this folder off Python's path afterwards. What
says why that failed stands here too, as there may be nothing of ours to call.
"""

import gc
import html
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr
from modules import script_callbacks

HERE = Path(__file__).resolve().parents[1]
Tabs = list[tuple[gr.Blocks, str, str]]


def draw_tabs(draw: Callable[[], gr.Blocks]) -> Tabs:
    """The tab; when it cannot be drawn, one that says so."""
    try:
        return [(draw(), "Dreambooth", "dreambooth")]
    except Exception as error:  # noqa: BLE001 - whatever it is, the tab says it
        return draw_trouble(error)


def draw_trouble(error: Exception) -> Tabs:
    """A tab that says what happened and what to do."""
    traceback.print_exception(type(error), error, error.__traceback__)
    advice = (
        "Restart the webui. If that does not help, update this extension, or install it again. The webui's "
        "console has more words on it."
    )
    if namesake := find_namesake():
        advice = (
            f"Another extension has a package of the same name, {namesake}, and only one of the two can be "
            "used at a time. Disable the other one under Extensions, then restart the webui."
        )
    said = html.escape(f"{type(error).__name__}: {error}")
    with gr.Blocks(analytics_enabled=False) as tab:
        words = gr.HTML(
            '<div id="dreambooth_trouble" role="alert"><p><b>The Dreambooth trainer cannot be shown.</b></p>'
            f"<p>{html.escape(advice)}</p><pre>{said}</pre></div>"
        )
    words.do_not_save_to_config = True
    return [(tab, "Dreambooth", "dreambooth")]


def find_namesake() -> Path | None:
    """The folder of somebody else's package ``dreambooth``, when that is the one that Python knows."""
    places = [Path(place).resolve() for place in getattr(sys.modules.get("dreambooth"), "__path__", [])]
    return next((place for place in places if place.parent != HERE), None)


# Imports set off collections, each of which takes a quarter of a second in a process as full as a webui's.
was_collecting = gc.isenabled()
gc.disable()
try:
    from dreambooth.host import extension

    extension.lend_device()  # before the webui loads its model: a training may be under way
except Exception as error:  # noqa: BLE001 - whatever it is, the tab says it
    script_callbacks.on_ui_tabs(partial(draw_trouble, error))
else:
    script_callbacks.on_ui_tabs(partial(draw_tabs, extension.draw_tab))
    script_callbacks.on_ui_settings(extension.add_settings)
    script_callbacks.on_app_started(extension.start)
finally:
    if was_collecting:
        gc.enable()
