"""The tab in each webui: there whatever its folder is called, alone after a reload, with its own settings."""

import json

import pytest

from dreambooth.config.store import ModelRecord, save_record
from dreambooth.jobs.library import Library
from dreambooth.locks import file_lock
from tests.host_contract.hosts import NAMES, run_host
from tests.jobs.told_runs import ToldRun


@pytest.fixture
def told(webui) -> ToldRun:
    """A training of a model of this webui."""
    library = Library(webui.folder.path / "models" / "dreambooth")
    library.folder("dog").path.mkdir(parents=True)
    save_record(
        library.folder("dog").config_file, ModelRecord(source="a", family="sd1", native_resolution=64)
    )
    return ToldRun(library, "dog").begin().steps(1, 7)


def pages_of(webui) -> list[dict]:
    return [each for each in webui.components() if 'id="dreambooth_tab"' in str(each.get("value"))]


def test_tab_is_there_and_answers(webui):
    assert webui.tabs().count("Dreambooth") == 1
    assert "models" in webui.ask("models.list")["result"]
    assert webui.log().count("***") == 0


def test_routes_answer_and_know_the_webui(webui, flavour):
    told = webui.get("/dreambooth/v1/host")
    assert told["name"] == NAMES[flavour]
    assert told["models_folder"] == str(webui.folder.path / "models" / "dreambooth")


@pytest.mark.parametrize("flavour", ["A1111"], indirect=True, scope="session")
def test_copy_with_any_name_is_loaded(new_host):
    host = new_host()
    host.add_copy_of_us("stable-dreams-main (1)")
    with run_host(host) as running:
        assert len(pages_of(running)) == 1
        assert "result" in running.ask("models.list")


def test_components_are_named_as_ours(webui):
    ids = [str(each.get("elem_id")) for each in webui.components()]
    ours = [each for each in ids if each.startswith("dreambooth_")]
    assert sorted(ours) == ["dreambooth_ask", "dreambooth_asked", "dreambooth_told"]


def test_nothing_of_ours_is_kept_in_ui_config(webui):
    kept = json.loads((webui.folder.path / "ui-config.json").read_text())
    assert [key for key in kept if key.startswith("dreambooth/")] == []


def test_settings_have_a_section_and_are_saved(webui):
    drawn = [each for each in webui.components() if each.get("elem_id") == "settings_dreambooth"]
    assert [each["label"] for each in drawn] == ["Dreambooth"]
    webui.post("/sdapi/v1/options", {"dreambooth_keep_host_model": True})
    assert webui.get("/sdapi/v1/options")["dreambooth_keep_host_model"] is True
    kept = json.loads((webui.folder.path / "config.json").read_text())
    assert kept["dreambooth_keep_host_model"] is True


def test_running_job_is_still_shown_after_a_reload(webui, told):
    with file_lock(told.run.lock_file, waiting=lambda: None):
        before = webui.ask("page.state", model="dog")["result"]
        webui.reload()
        after = webui.ask("page.state", model="dog")["result"]
    assert webui.tabs().count("Dreambooth") == 1
    assert len(pages_of(webui)) == 1
    assert before["view"]["status"] == after["view"]["status"] == "running"
    assert after["view"]["step"] == 7


@pytest.mark.parametrize("flavour", ["A1111"], indirect=True, scope="session")
def test_host_without_pages_starts_with_us(new_host):
    host = new_host()
    host.add_us("dreams")
    with run_host(host, "--nowebui") as running:
        assert running.get("/dreambooth/v1/models")["models"] == []
        assert "Error" not in running.log()
