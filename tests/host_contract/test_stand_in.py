"""The stand-in does what the real hosts do, so that the other tests of this folder mean something."""

from tests.host_contract.hosts import run_host

# What a script sees when it is loaded, and what is left of it later.
PROBE = """
import sys
import json
from pathlib import Path

from modules import script_callbacks

HERE = Path(__file__).resolve().parents[1]
SEEN = {"name": __name__, "known": __name__ in sys.modules, "first": sys.path[0]}
sys.path.insert(0, "added by a script")


def tell(demo, app):
    later = {"still_there": str(HERE) in sys.path, "kept": "added by a script" in sys.path}
    (HERE / "seen.json").write_text(json.dumps({**SEEN, **later}))


script_callbacks.on_app_started(tell)
"""


def add_probe(host):
    place = host.extensions / "a probe"
    (place / "scripts").mkdir(parents=True)
    (place / "scripts" / "probe.py").write_text(PROBE)
    return place


def test_script_is_loaded_as_hosts_do(new_host, flavour):
    host = new_host("host")
    place = add_probe(host)
    with run_host(host):
        seen = place.joinpath("seen.json").read_text()
    assert f'"name": "probe.py", "known": false, "first": "{place}"' in seen
    assert f'"still_there": {"true" if flavour == "Forge" else "false"}, "kept": false' in seen


def test_reload_makes_a_new_page(new_host):
    host = new_host("host")
    place = add_probe(host)
    with run_host(host, "--api") as running:
        place.joinpath("seen.json").unlink()
        running.reload()
        assert place.joinpath("seen.json").exists()
        assert running.get("/internal/ping") == {}
