"""Models and runs as files, and following a run."""

import shutil
import threading

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.events import EventReader, EventWriter, find_end
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library
from dreambooth.jobs.run_end import LOST
from dreambooth.jobs.runs import is_alive, read_job
from dreambooth.jobs.start import change_run, prepare_run
from dreambooth.jobs.trainings import find_resumable, find_unfinished_training
from dreambooth.locks import file_lock
from tests.conftest import MODEL


def test_library_knows_its_models(library):
    assert library.names() == [MODEL]
    assert library.load(MODEL).family == "sd1"
    assert Library(library.path / "nowhere").names() == []


def test_model_that_is_not_there_is_refused_with_those_that_are(library):
    with pytest.raises(ConfigError, match=r"there is no model dog in .* \(there are: toy\)"):
        library.load("dog")


@pytest.mark.parametrize("name", ["", "..", "a/b", ".jobs"])
def test_name_that_no_model_can_have_is_refused(library, name):
    with pytest.raises(ConfigError, match="cannot be a model's name"):
        library.folder(name)


def test_runs_are_named_in_their_order_and_hold_relative_paths(library, folder):
    runs = [prepare_run(library, folder, "check", {"config": {}}) for _ in range(3)]
    assert sorted(runs, key=lambda run: run.path.name) == runs
    assert (read_job(runs[0])["model_dir"], read_job(runs[0])["models_dir"]) == ("../..", "../../..")


def test_old_runs_are_removed_and_trainings_kept(library, folder):
    old = [folder.runs / f"20200101-0000{number:02d}-000-check" for number in range(52)]
    training = folder.runs / "20190101-000000-000-train"
    for path in (training, *old):
        path.mkdir(parents=True)
    new = prepare_run(library, folder, "check", {})
    assert training.exists()
    assert new.path.exists()
    assert [path.exists() for path in old] == [False] * 3 + [True] * 49


def test_end_is_taken_back_when_the_run_goes_on(folder):
    run = RunFolder(folder.runs / "a-train")
    writer = EventWriter(run)
    assert find_end(run) is None
    writer.write("end", outcome="stopped")
    assert find_end(run)["outcome"] == "stopped"
    writer.write("work", job="train", pid=1)
    assert find_end(run) is None


@pytest.mark.parametrize(
    ("outcome", "is_unfinished"),
    [("done", False), ("discarded", False), ("stopped", True), ("failed", True), (None, True)],
)
def test_training_can_go_on_unless_it_is_over(library, folder, outcome, is_unfinished):
    writer = EventWriter(prepare_run(library, folder, "train", {}))
    writer.write("work", job="train", pid=1)
    if outcome:
        writer.write("end", outcome=outcome)
    assert (find_unfinished_training(folder) is not None) is is_unfinished
    if not is_unfinished:
        with pytest.raises(ConfigError, match="no interrupted training"):
            find_resumable(library, MODEL)


def test_training_whose_worker_never_said_a_word_does_not_hide_an_earlier_one(library, folder):
    stopped = prepare_run(library, folder, "train", {})
    EventWriter(stopped).write("end", outcome="stopped")
    prepare_run(library, folder, "train", {})
    assert find_unfinished_training(folder).path == stopped.path


def test_settings_of_an_interrupted_training_change_where_its_state_allows(begin, config):
    run = begin(config)
    change_run(run, {"optimizer.unet_lr": "1e-7"})
    assert read_job(run)["config"]["optimizer"]["unet_lr"] == 1e-7
    with pytest.raises(ConfigError, match="seed cannot change in the middle of a training"):
        change_run(run, {"seed": "1"})


def test_follower_hears_everything_to_the_end(folder):
    run = RunFolder(folder.runs / "a-train")
    writer = EventWriter(run)
    writer.write("step", step=1)
    timer = threading.Timer(0.3, lambda: writer.write("end", outcome="done"))
    timer.start()
    assert [event["event"] for event in follow(EventReader(run), lambda: True)] == ["step", "end"]


def test_follower_of_a_dead_worker_hears_that_it_is_lost(folder):
    run = RunFolder(folder.runs / "a-train")
    EventWriter(run).write("step", step=1)
    assert [*follow(EventReader(run), lambda: False)][1:] == [LOST]


def test_last_words_of_a_dead_worker_are_heard(folder):
    run = RunFolder(folder.runs / "a-train")
    EventWriter(run).write("end", outcome="failed", message="x")
    assert [event["outcome"] for event in follow(EventReader(run), lambda: False)] == ["failed"]


def test_run_is_alive_while_its_lock_is_held(folder):
    run = RunFolder(folder.runs / "a-train")
    assert not is_alive(run)
    with file_lock(run.lock_file, waiting=lambda: None):
        assert is_alive(run)
    assert not is_alive(run)


def test_model_folder_may_be_renamed(library):
    shutil.move(library.path / MODEL, library.path / "moved")
    assert library.names() == ["moved"]
    assert library.load("moved").source == "toybox.safetensors"
