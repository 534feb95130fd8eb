"""TensorBoard: one at a time, found again, and nobody else's process ended."""

import json
import subprocess
import sys
import time
import urllib.request

import pytest

from dreambooth.actions import tensorboard
from dreambooth.config.store import ConfigError
from dreambooth.jobs.processes import command_line, end_process, wait_for_command_line
from tests.actions.workshop import workplace
from tests.conftest import MODEL


@pytest.fixture
def place(library):
    yield workplace(library)
    tensorboard.stop(workplace(library), {})


@pytest.fixture
def sleeper():
    """A process that does nothing, and is waited for when it ends."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def remembered(library):
    return json.loads((library.path / ".tensorboard" / "board.json").read_text())


def test_it_answers_is_found_again_and_ends(place, library):
    assert tensorboard.state(place, {}) == {"running": False, "message": ""}
    told = tensorboard.start(place, {})
    pid = remembered(library)["pid"]
    assert tensorboard.start(place, {})["url"] == told["url"]
    assert remembered(library)["pid"] == pid
    until = time.monotonic() + 60
    while not tensorboard.state(workplace(library), {})["ready"]:  # as a host that has just been started
        assert time.monotonic() < until
        time.sleep(0.2)
    with urllib.request.urlopen(told["url"]) as page:
        assert b"TensorBoard" in page.read()
    assert tensorboard.stop(place, {}) == {"running": False, "message": ""}
    assert command_line(pid) is None


def test_that_of_a_model_takes_the_place_of_that_of_all(place, library):
    tensorboard.start(place, {})
    first = remembered(library)
    assert tensorboard.start(place, {"name": MODEL})["model"] == MODEL
    assert "tensorboard.main" in first["process"]
    assert command_line(first["pid"]) is None
    assert str(library.folder(MODEL).logging) in remembered(library)["process"]
    with pytest.raises(ConfigError, match="there is no model dog"):
        tensorboard.start(place, {"name": "dog"})


def test_process_is_known_by_its_command_line_as_soon_as_it_is_started():
    for _ in range(100):
        process = subprocess.Popen(["sleep", "60"])
        told = wait_for_command_line(process.pid, 5)
        process.kill()
        process.wait()
        assert told == "sleep 60"


def test_process_that_has_its_number_now_is_left_alone(place, library, sleeper):
    tensorboard.start(place, {})
    values = remembered(library)
    assert end_process(values["pid"], values["process"], 5)
    told = {**values, "pid": sleeper.pid}
    (library.path / ".tensorboard" / "board.json").write_text(json.dumps(told))
    assert tensorboard.state(place, {})["running"] is False
    tensorboard.stop(place, {})
    assert sleeper.poll() is None


def test_last_words_are_told_when_it_died(place, library):
    tensorboard.start(place, {})
    values = remembered(library)
    end_process(values["pid"], values["process"], 5)
    (library.path / ".tensorboard" / "board.log").write_text("reading\nno more memory\n")
    assert tensorboard.state(place, {}) == {
        "running": False,
        "message": "TensorBoard ended, and said last: no more memory",
    }


def test_damaged_memory_is_none(place, library):
    tensorboard.stop(place, {})
    (library.path / ".tensorboard" / "board.json").write_text("{")
    assert tensorboard.state(place, {})["running"] is False
