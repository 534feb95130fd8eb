"""Somebody else's extension: it writes down what it sees when it is loaded, and what is left of it later."""

import json
import sys
from pathlib import Path

import gradio
from modules import script_callbacks

HERE = Path(__file__).resolve().parents[1]
SEEN = {"name": __name__, "known": __name__ in sys.modules, "first": sys.path[0]}
sys.path.insert(0, "added by a script")


def draw():
    with gradio.Blocks(analytics_enabled=False) as tab:
        gradio.Slider(1, 9, 5, label="Rank")
    return [(tab, "Probe", "probe")]


def tell(demo, app):  # noqa: ARG001 - what hosts call it with
    later = {"stays": str(HERE) in sys.path, "added_stays": "added by a script" in sys.path}
    (HERE / "seen.json").write_text(json.dumps({**SEEN, **later}))


script_callbacks.on_ui_tabs(draw)
script_callbacks.on_app_started(tell)
