"""What others could notice of us in the host's process: a tab, our routes, our package, and nothing else."""

import sys

import pytest

from tests.host_contract.conftest import OUR_FOLDER, TELLER_FOLDER

SAME = (
    "exception_handlers",
    "middleware",
    "logging",
    "environment",
    "signals",
    "warnings",
    "hooks",
    "ui_config",
)
OUR_ROUTES = ("/dreambooth",)


@pytest.fixture
def before(webui_without_us) -> dict:
    return webui_without_us.first_snapshot


@pytest.fixture
def after(webui) -> dict:
    return webui.first_snapshot


def without_place(snapshot: dict, part: str) -> str:
    """That part as text, without the folder that the host lies in."""
    return str(snapshot[part]).replace(snapshot["folder"], "HOST")


@pytest.mark.parametrize("part", SAME)
def test_nothing_that_belongs_to_all_is_changed(before, after, part):
    assert without_place(after, part) == without_place(before, part)


def test_loggers_of_others_are_as_they_were(before, after):
    others = {name: told for name, told in after["loggers"].items() if name.split(".")[0] != "dreambooth"}
    new = others.keys() - before["loggers"].keys()
    assert {name: others[name] for name in before["loggers"]} == before["loggers"]
    assert {name: others[name] for name in new if others[name][0] or others[name][3]} == {}


def test_routes_of_the_host_are_as_they_were(before, after):
    added = [route for route in after["routes"] if route not in before["routes"]]
    assert [route for route in added if not route.split()[1].startswith(OUR_ROUTES)] == []
    assert [route for route in after["routes"] if route not in added] == before["routes"]


def test_nothing_is_imported_but_ours_and_the_standard_library(before, after):
    added = set(after["modules"]) - set(before["modules"]) - set(sys.stdlib_module_names)
    assert added == {"dreambooth"}
    assert "torch" not in after["modules"]


def test_path_is_what_the_host_makes_of_it(before, after, webui, flavour):
    ours, teller = (str(webui.folder.extensions / name) for name in (OUR_FOLDER, TELLER_FOLDER))
    left = [place for place in after["path"] if place not in (ours, teller)]
    assert str(left).replace(after["folder"], "HOST") == without_place(before, "path")
    assert (ours in after["path"]) == (flavour == "Forge")


def test_reload_adds_nothing(webui):
    first = webui.first_snapshot
    webui.reload()
    again = webui.snapshot()
    parts = (*SAME, "routes", "path")
    assert {part: again[part] for part in parts} == {part: first[part] for part in parts}
