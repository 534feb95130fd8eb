"""A making that the page began: it goes on by itself, and tells how far it is."""

import os
import signal
import socket
import sys
import time

import pytest

from dreambooth import environment
from dreambooth.environment import problems
from dreambooth.environment.beginning import Making, begin_making, find_making, log_of_making
from dreambooth.environment.progress import read_progress


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """No environment yet, for the real lock; in the place of torch nothing."""
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "to be made"))
    monkeypatch.setenv("PIP_RETRIES", "1")
    return tmp_path / "to be made"


def wait_for(state: str) -> Making:
    end = time.monotonic() + 60
    while (making := find_making()).state != state and time.monotonic() < end:
        time.sleep(0.05)
    return making


@pytest.mark.usefixtures("empty_folder")
def test_nothing_is_told_before_anything_was_made():
    assert find_making() == Making("never")
    assert log_of_making(9) == []


@pytest.mark.usefixtures("empty_folder")
def test_failure_is_told_in_words_and_in_the_log(monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", "pip install -i http://127.0.0.1:9/simple no-such-package")
    begin_making()
    assert find_making().is_under_way
    failed = wait_for("failed")
    assert "Connect this machine to the network" in failed.told
    assert any("no-such-package" in line for line in log_of_making(99))
    assert environment.find_fault() == "it is half made"


@pytest.mark.usefixtures("empty_folder")
def test_second_press_joins_the_making_that_is_under_way(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent_index:
        url = f"http://127.0.0.1:{silent_index.getsockname()[1]}/simple"
        monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", f"pip install --retries 0 -i {url} no-such-package")
        begin_making()
        silent_index.settimeout(60)
        question, _ = silent_index.accept()
        began = find_making().began
        begin_making()
        assert find_making().began == began
        question.close()
    assert wait_for("failed").began == began


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_making_that_was_killed_is_told_as_stopped(empty_folder, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent_index:
        url = f"http://127.0.0.1:{silent_index.getsockname()[1]}/simple"
        monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", f"pip install --retries 0 -i {url} no-such-package")
        begin_making()
        silent_index.settimeout(60)
        question, _ = silent_index.accept()
        os.kill(read_progress(empty_folder).pid, signal.SIGKILL)
        question.close()
    assert wait_for("failed").told == "It was stopped before it was finished"


def test_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    (tmp_path / "cat.jpg").touch()
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path))
    with pytest.raises(problems.ForeignFolder):
        begin_making()
    assert [path.name for path in tmp_path.iterdir()] == ["cat.jpg"]


def test_place_that_cannot_be_written_is_refused_with_advice(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "file" / "below"))
    with pytest.raises(problems.EnvironmentProblem, match="--dreambooth-env"):
        begin_making()
