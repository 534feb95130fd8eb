"""A real training while a webui looks on: its progress, its preview, its Interrupt."""

import pytest

from dreambooth.events import read_events
from dreambooth.host.interrupts import RELOAD_SECONDS, Interrupts
from dreambooth.jobs.control import resume_training
from dreambooth.jobs.start import start_worker
from tests.conftest import MODEL
from tests.host_contract.stand_in import eventually, lending, stand_in
from tests.training.conftest import with_settings


@pytest.fixture
def webui(tmp_path, library):
    """A1111 with a model loaded, and lending."""
    with stand_in("A1111", tmp_path / "webui") as webui:
        webui.generate()
        with lending(library.path, "A1111"):
            yield webui


@pytest.fixture
def long_run(begin, config):
    """A training that nobody waits for the end of, with a preview after every second step."""
    return begin(with_settings(config, duration__max_steps=100_000, samples__sample_every_steps=2))


@pytest.fixture
def worker(webui, long_run):
    """It is at work on that training, and has taken a step."""
    process = start_worker(long_run)
    try:
        eventually(lambda: webui.state.sampling_steps == 100_000 and webui.state.sampling_step >= 1)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("worker")
def test_progress_and_preview_of_a_training_are_the_webuis(webui):
    assert (webui.state.job, webui.state.job_count, webui.state.sampling_steps) == ("dreambooth", 1, 100_000)
    assert webui.state.textinfo.startswith("dreambooth: train toy, step ")
    eventually(lambda: webui.state.current_image is not None)
    assert webui.state.current_image.size == (64, 64)


def test_interrupt_stops_a_training_that_can_go_on(webui, worker, long_run, library):
    webui.state.interrupt()
    worker.wait()
    end = read_events(long_run)[-1]
    assert (end["event"], end["outcome"]) == ("end", "stopped")
    eventually(webui.is_queue_free)
    assert webui.generate().images
    resume_training(library, MODEL)
    eventually(lambda: webui.state.sampling_step > end["result"]["step"])
    webui.state.interrupt()
    eventually(lambda: read_events(long_run)[-1]["event"] == "end")
    assert read_events(long_run)[-1]["outcome"] == "stopped"


@pytest.mark.usefixtures("worker")
def test_what_a_waiting_generation_of_sdnext_writes_over_is_said_again(webui):
    webui.state.begin("txt2img")
    eventually(lambda: webui.state.job == "dreambooth" and webui.state.sampling_steps == 100_000)


def test_killed_training_gives_the_webui_everything_back(webui, worker):
    assert not webui.is_queue_free()
    worker.kill()
    worker.wait()
    eventually(webui.is_queue_free)
    assert webui.state.job == ""
    assert webui.generate().images


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests set."""
    now = [100.0]
    monkeypatch.setattr("dreambooth.host.interrupts.time.monotonic", lambda: now[0])
    return now


def test_interrupt_counts_when_no_reload_follows(webui, clock):
    interrupts = Interrupts()
    webui.state.interrupt()
    assert not interrupts.is_asked()
    clock[0] += RELOAD_SECONDS
    assert interrupts.is_asked()


def test_interrupt_of_a_reload_is_forgotten(webui, clock, monkeypatch):
    class Server:
        should_exit = True

    class Page:
        server = Server

    interrupts = Interrupts()
    webui.state.request_restart()
    assert not interrupts.is_asked()
    monkeypatch.setattr(webui.shared, "demo", Page)
    assert not interrupts.is_asked()
    monkeypatch.setattr(webui.shared, "demo", None)
    clock[0] += RELOAD_SECONDS
    assert not interrupts.is_asked()
    assert not webui.state.interrupted
