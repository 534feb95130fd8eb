"""What a page is told again and again."""

import shutil
from contextlib import ExitStack

import pytest

from dreambooth.config.store import ConfigError
from dreambooth.events import EventWriter
from dreambooth.jobs.library import Library
from dreambooth.jobs.living import LivingRuns
from dreambooth.jobs.page_state import PageState
from dreambooth.jobs.run_telling import read_cursor
from dreambooth.jobs.start import prepare_run, prepare_tool
from dreambooth.locks import file_lock
from tests.conftest import MODEL
from tests.jobs.told_runs import ToldRun


@pytest.fixture
def state(library) -> PageState:
    return PageState(library)


@pytest.fixture
def wake():
    """Runs whose locks are held until the test is over."""
    with ExitStack() as stack:
        yield lambda run: stack.enter_context(file_lock(run.lock_file, waiting=lambda: None))


def test_page_without_a_model_hears_of_the_queue(state):
    now = state.tell(None, None, None)
    assert (now["model"], now["queue"], now["alive"], now["resumable"]) == (None, [], None, None)
    assert now["view"]["status"] == "none"


def test_model_that_was_deleted_is_none(state):
    assert state.tell("gone", None, None)["model"] is None


def test_queue_tells_jobs_in_their_turn(library, state, wake):
    training, tool = ToldRun(library, MODEL).begin().steps(1, 7), prepare_tool(library, "merge", {})
    creation = prepare_run(library, library.folder("new"), "create", {})
    for run, before in ((creation, 2), (tool, 1)):
        writer = EventWriter(run)
        writer.write("work", job="x", pid=1)
        writer.write("waiting", message="wait", before=before)
    for run in (training.run, tool, creation):
        wake(run)
    told = ("job", "model", "status", "step", "before")
    assert [tuple(each[name] for name in told) for each in state.tell(None, None, None)["queue"]] == [
        ("train", MODEL, "running", 7, 0),
        ("merge", None, "waiting", None, 1),
        ("create", "new", "waiting", None, 2),
    ]


def test_view_is_of_the_training_under_way_else_of_the_last_one(library, state, wake):
    ToldRun(library, MODEL).begin().end()
    last = ToldRun(library, MODEL).begin().steps(1, 3).end("stopped")
    now = state.tell(MODEL, None, None)
    assert (now["view"]["run"], now["alive"], now["alive_training"]) == (last.place, None, None)
    assert now["resumable"] == {"run": last.place, "step": 3, "num_steps": 100, "is_paused": False}
    running = ToldRun(library, MODEL).begin()
    wake(running.run)
    now = state.tell(MODEL, None, None)
    assert [now[name] for name in ("alive", "alive_training")] == [running.place] * 2
    assert (now["view"]["run"], now["resumable"]) == (running.place, None)


def test_run_that_is_asked_for_is_shown(library, state):
    first = ToldRun(library, MODEL).begin().end()
    ToldRun(library, MODEL).begin().end()
    now = state.tell(MODEL, first.place, None)
    assert now["view"]["run"] == first.place
    again = state.tell(MODEL, first.place, read_cursor(now["view"]["cursor"]))
    assert not again["view"]["is_whole"]


@pytest.mark.parametrize(
    "place", ["../x", "toy", "toy/runs/..", "toy/samples/x", "/etc/runs/x", "toy/runs/.x", ""]
)
def test_place_that_is_no_runs_is_refused(library, place):
    with pytest.raises(ConfigError, match="no place of a run"):
        library.find_run(place)


def test_revisions_change_when_models_and_settings_do(library, state, config):
    before = state.tell(MODEL, None, None)["revisions"]
    assert state.tell(MODEL, None, None)["revisions"] == before
    library.save_config(MODEL, config)
    after = state.tell(MODEL, None, None)["revisions"]
    assert after["settings"] == library.load(MODEL).revision != before["settings"]
    shutil.copytree(library.path / MODEL, library.path / "other")
    assert state.tell(MODEL, None, None)["revisions"]["models"] not in (before["models"], after["models"])


def test_damaged_model_does_not_end_the_page(folder, state):
    folder.config_file.unlink()  # a link to what other tests copy
    folder.config_file.write_text("{")
    assert state.tell(MODEL, None, None)["revisions"]["settings"] is None


def test_runs_that_begin_and_end_are_noticed(library, folder, monkeypatch):
    monkeypatch.setattr("dreambooth.jobs.living.SETTLED_SECONDS", -1.0)  # trust times at once
    living, run = LivingRuns(library), prepare_run(library, folder, "sample", {})
    assert living.find() == []
    with file_lock(run.lock_file, waiting=lambda: None):
        assert living.find() == []  # nobody told of it
        run.path.parent.touch()  # as a worker does
        assert living.find() == [run]
        assert living.find() == [run]
    assert living.find() == []


def test_library_that_is_not_there_yet_has_no_runs(tmp_path):
    assert LivingRuns(Library(tmp_path / "nowhere")).find() == []
