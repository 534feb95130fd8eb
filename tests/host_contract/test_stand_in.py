"""The stand-in does what the real hosts do, so that the other tests of this folder mean something."""

import json

from tests.host_contract.conftest import write_script
from tests.host_contract.hosts import run_host

# What a script sees when it is loaded, and what is left of it later.
PROBE = """
import sys
import json
from pathlib import Path

import gradio
from modules import script_callbacks

HERE = Path(__file__).resolve().parents[1]
SEEN = {"name": __name__, "known": __name__ in sys.modules, "first": sys.path[0]}
sys.path.insert(0, "added by a script")


def draw():
    with gradio.Blocks() as tab:
        gradio.Slider(1, 9, 5, label="Rank")
    return [(tab, "Probe", "probe")]


def tell(demo, app):
    later = {"stays": str(HERE) in sys.path, "added_stays": "added by a script" in sys.path}
    (HERE / "seen.json").write_text(json.dumps({**SEEN, **later}))


script_callbacks.on_ui_tabs(draw)
script_callbacks.on_app_started(tell)
"""


def test_script_is_loaded_and_its_tab_kept_as_hosts_do(new_host, flavour):
    host = new_host()
    place = write_script(host, "a probe", PROBE)
    with run_host(host) as running:
        seen = json.loads((place / "seen.json").read_text())
        assert seen == {
            "name": "main.py",
            "known": False,
            "first": str(place),
            "stays": flavour == "Forge",
            "added_stays": False,
        }
        kept = json.loads((host.path / "ui-config.json").read_text())
        assert kept["probe/Rank/value"] == 5
        (place / "seen.json").unlink()
        running.reload()
        assert (place / "seen.json").exists()
