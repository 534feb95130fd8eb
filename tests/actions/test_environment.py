"""The training environment, asked about and made from a page."""

import time

import pytest

from dreambooth.actions import environment
from dreambooth.config.store import ConfigError
from dreambooth.environment import holding, versions
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_tool
from dreambooth.locks import file_lock
from tests.actions.workshop import workplace


@pytest.fixture
def place_without(tmp_path, monkeypatch):
    """A workplace where no environment was made yet."""
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "environments"))
    return workplace(Library(tmp_path / "models"))


def test_ready_one_is_told_as_ready(tmp_path):
    told = environment.state(workplace(Library(tmp_path)), {})
    assert (told["ready"], told["fault"], told["why"]) == (True, "", "")


def test_missing_one_is_told_with_its_folder(place_without, tmp_path):
    told = environment.state(place_without, {})
    assert (told["ready"], told["why"]) == (False, "There is none yet.")
    assert told["folder"] == str(tmp_path / "environments")
    assert told["making"]["state"] == "never"
    assert not (tmp_path / "environments").exists()


def test_every_fault_is_explained():
    faults = {versions.NOT_MADE, versions.CHANGED, versions.HALF_MADE, versions.PYTHON_GONE}
    assert set(environment.WHY) == faults


def test_sizes_come_when_they_are_asked_for_again(place_without, tmp_path):
    half_made = tmp_path / "environments" / "0123456789-py3.11"
    half_made.mkdir(parents=True)
    (half_made / "package.py").write_bytes(bytes(5000))
    told = environment.state(place_without, {"measure": True})
    while told["environments"][0]["bytes"] is None:
        time.sleep(0.01)
        told = environment.state(place_without, {"measure": True})
    (found,) = told["environments"]
    assert (found["folder"], found["bytes"], found["in_use"]) == (str(half_made), 5000, False)


def test_making_begins_and_its_end_is_told(place_without, monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", "conda install torch")
    told = environment.make(place_without, {})
    end = time.monotonic() + 60
    while told["making"]["state"] == "making" and time.monotonic() < end:
        time.sleep(0.05)
        told = environment.state(place_without, {})
    assert told["making"]["state"] == "failed"
    assert "must begin with" in told["making"]["told"]
    assert any("must begin with" in line for line in told["log"])


def test_folder_of_somebody_else_is_refused(place_without, tmp_path):
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "cat.jpg").touch()
    with pytest.raises(ConfigError, match="left alone"):
        environment.make(place_without, {})


def test_job_is_refused_in_words_before_anything_is_written(place_without):
    with pytest.raises(ConfigError, match=r"not ready: it has not been made yet\. Set it up"):
        prepare_tool(place_without.library, "merge", {})
    assert not place_without.library.path.exists()


def test_removal_wants_its_word(place_without):
    with pytest.raises(ConfigError, match="confirmation"):
        environment.remove(place_without, {"confirmation": "yes"})


def test_removal_is_refused_while_a_job_runs(library, folder, tmp_path, monkeypatch):
    run = prepare_run(library, folder, "sample", {})
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "environments"))
    with file_lock(run.lock_file, waiting=lambda: None), pytest.raises(ConfigError, match="a job is running"):
        environment.remove(workplace(library), {"confirmation": "remove"})


def test_removed_one_is_missing(place_without, tmp_path):
    made = tmp_path / "environments" / "0123456789-py3.11"
    made.mkdir(parents=True)
    (tmp_path / "environments" / holding.HOLD_FILE).touch()
    told = environment.remove(place_without, {"confirmation": "remove"})
    assert (told["ready"], told["why"]) == (False, "There is none yet.")
    assert not made.exists()
