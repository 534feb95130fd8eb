"""The stand-in does what the real hosts do, so that the other tests of this folder mean something."""

import json


def test_script_is_loaded_as_hosts_do(webui_without_us, flavour):
    place = webui_without_us.folder.extensions / "a probe"
    assert json.loads((place / "seen.json").read_text()) == {
        "name": "main.py",
        "known": False,
        "first": str(place),
        "stays": flavour == "Forge",
        "added_stays": False,
    }


def test_components_of_extensions_are_kept_in_ui_config(webui_without_us):
    kept = json.loads((webui_without_us.folder.path / "ui-config.json").read_text())
    assert kept["probe/Rank/value"] == 5


def test_reload_runs_scripts_again_for_a_new_page(webui_without_us):
    seen = webui_without_us.folder.extensions / "a probe" / "seen.json"
    seen.unlink()
    webui_without_us.reload()
    assert seen.exists()
    assert webui_without_us.tabs() == [*webui_without_us.tabs()[:2], "Probe", "Settings"]
