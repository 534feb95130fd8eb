"""Trainings that begin, are asked things, and stop; with real workers."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dreambooth.config.forms.sample import SampleForm
from dreambooth.config.store import ConfigError
from dreambooth.events import find_end, read_events
from dreambooth.jobs.asking import prepare_sample
from dreambooth.jobs.control import ask_training, begin_training, cancel, resume_training
from dreambooth.jobs.runs import is_alive, list_runs
from dreambooth.jobs.start import prepare_run, prepare_tool, start_worker
from dreambooth.jobs.trainings import find_asked_training, find_living_training
from dreambooth.locks import file_lock
from tests.conftest import MODEL
from tests.jobs.told_runs import ToldRun
from tests.training.conftest import with_settings

LONGEST_SECONDS = 120


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def ready(library, config):
    """The model's settings are those of a training that takes a while."""
    library.save_config(MODEL, with_settings(config, adapter="lora", duration__max_steps=5000))
    return library


@pytest.fixture
def device(library):
    """Another job has the device: whoever comes waits."""
    with file_lock(library.path / ".device.lock", waiting=lambda: None):
        yield


@pytest.mark.usefixtures("device")
def test_of_two_who_train_at_once_one_wins(ready, folder):
    def press(_: int) -> str:
        try:
            return begin_training(ready, MODEL).path.name
        except ConfigError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(press, range(4)))
    (run,) = list_runs(folder.runs, "train")
    refusals = [answer for answer in answers if answer != run.path.name]
    assert len(refusals) == 3
    assert all("is being trained; follow that training" in refusal for refusal in refusals)
    assert is_alive(run)
    cancel(run)
    wait_for(lambda: not is_alive(run))
    assert find_end(run)["outcome"] == "stopped"


@pytest.mark.usefixtures("device")
def test_waiting_job_is_cancelled_before_it_begins(library, folder):
    run = prepare_run(library, folder, "sample", {"config": {}})
    start_worker(run)
    assert is_alive(run)
    cancel(run)
    wait_for(lambda: not is_alive(run))
    assert find_end(run)["outcome"] == "stopped"
    with pytest.raises(ConfigError, match="over already"):
        cancel(run)


def test_training_is_asked_stopped_and_resumed(ready, folder):
    run = begin_training(ready, MODEL)
    assert find_living_training(folder) == find_asked_training(ready, MODEL) == run
    wait_for(lambda: any(event["event"] == "step" for event in read_events(run)))
    assert ask_training(run, "stop") == "stop"
    wait_for(lambda: not is_alive(run))
    before = find_end(run)
    assert before["outcome"] == "stopped"
    assert resume_training(ready, MODEL).path == run.path
    wait_for(lambda: [event["event"] for event in read_events(run)].count("start") == 2)
    with pytest.raises(ConfigError, match="is being trained"):
        resume_training(ready, MODEL)
    cancel(run)
    wait_for(lambda: not is_alive(run))
    assert find_end(run)["result"]["step"] > before["result"]["step"]


def test_contradictions_are_refused_before_anything_begins(library, config, folder):
    library.save_config(MODEL, replace(config, concepts=()))
    with pytest.raises(ConfigError, match="concepts: add at least one concept"):
        begin_training(library, MODEL)
    assert list_runs(folder.runs, "train") == []


def test_request_that_nobody_knows_and_run_that_is_over_are_refused(library):
    over = ToldRun(library, MODEL).begin().end().run
    with pytest.raises(ConfigError, match="cannot be asked to 'dance'"):
        ask_training(over, "dance")
    with pytest.raises(ConfigError, match="not under way any more"):
        ask_training(over, "save")
    with pytest.raises(ConfigError, match="is not being trained now"):
        find_asked_training(library, MODEL)


def test_worker_that_cannot_begin_is_not_waited_for(library):
    run = prepare_tool(library, "dance", {})
    run.config_file.write_text("{")
    began = time.monotonic()
    worker = start_worker(run)
    assert worker.wait() != 0
    assert time.monotonic() - began < 15


def test_job_at_work_is_cancelled(library, tmp_path):
    form = SampleForm(prompt="a red robot", count=500, steps=2)
    run = prepare_sample(library, MODEL, form, tmp_path / "drawn")
    start_worker(run)
    wait_for(lambda: any(event["event"] == "sample" for event in read_events(run)))
    cancel(run)
    wait_for(lambda: not is_alive(run))
    assert find_end(run)["outcome"] == "stopped"
