"""The picture of a run, whenever somebody looks."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.jobs.run_end import LOST
from dreambooth.jobs.run_story import RunStory
from dreambooth.jobs.run_telling import read_cursor
from dreambooth.jobs.run_views import VIEWS_KEPT, RunView, RunViews
from dreambooth.locks import file_lock
from tests.conftest import MODEL
from tests.jobs.told_runs import ToldRun, write_long_run


@pytest.fixture
def told(library) -> ToldRun:
    return ToldRun(library, MODEL, before=1000)


@pytest.fixture
def view(told) -> RunView:
    return RunView(told.run)


@contextmanager
def alive(run: RunFolder):
    with file_lock(run.lock_file, waiting=lambda: None):
        yield


def look(view: RunView, cursor=None) -> dict:
    return view.tell("place", read_cursor(cursor))


def test_training_is_told_with_its_place_in_the_models_life(told, view):
    told.begin().steps(1, 25, epoch=3)
    with alive(told.run):
        now = look(view)
    assert (now["status"], now["words"]) == ("running", "training: step 25 of 100")
    assert (now["step"], now["num_steps"], now["lifetime_step"]) == (25, 100, 1025)
    assert (now["epoch"], now["lifetime_epochs"], now["device"]) == (3, 5, "cpu")
    assert now["progress"] == {"what": "training", "done": 25, "total": 100}
    assert now["curves"]["loss"]["points"][0] == (1001, 1.0)
    assert now["curves"]["lr.unet"]["open"] == [(1025, 0.5)]


def test_speed_follows_the_median_of_the_last_steps():
    story = RunStory({"job": "train"}, Path(), 0)
    for step in range(1, 41):
        paused = 600 if step > 30 else 0  # a checkpoint was saved between
        told = {"step": step, "num_steps": 100, "lifetime_step": step, "loss": 1.0}
        story.take({"event": "step", "time": 2.0 * step + paused, **told})
    assert story.steps_per_second == 0.5


def test_time_left_is_told_while_it_runs(told, view):
    told.begin()
    for step in range(1, 6):
        told.steps(step, step)
        time.sleep(0.003)
    with alive(told.run):
        now = look(view)
    assert now["eta_seconds"] == pytest.approx(95 / now["steps_per_second"])
    assert look(view)["eta_seconds"] is None


def test_only_what_is_new_is_told_to_those_who_know_the_rest(told, view):
    told.begin().steps(1, 10)
    told.writer.write("sample", step=10, path="samples/a.png", prompt="a dog", seed=1)
    first = look(view)
    told.steps(11, 12)
    told.writer.write("sample", step=12, path="samples/b.png", prompt="a dog", seed=2)
    second = look(view, first["cursor"])
    assert (first["is_whole"], second["is_whole"]) == (True, False)
    assert [point[0] for point in second["curves"]["loss"]["points"]] == [1010, 1011]
    assert [sample["seed"] for sample in second["samples"]] == [2]
    assert look(view, second["cursor"])["samples"] == []


@pytest.mark.parametrize(
    "cursor", ["x", {}, {"run": "place", "generation": 1, "step": -1, "samples": "0"}, 7]
)
def test_cursor_that_is_none_begins_anew(told, view, cursor):
    told.begin().steps(1, 3)
    now = look(view, cursor)
    assert now["is_whole"]
    assert len(now["curves"]["loss"]["points"]) == 2


def test_cursor_of_another_run_begins_anew(told, view):
    told.begin().steps(1, 3)
    cursor = look(view)["cursor"]
    assert look(view, {**cursor, "run": "other"})["is_whole"]


def test_resumed_run_takes_back_what_it_tells_again(told, view):
    told.begin().steps(1, 20)
    told.writer.write("sample", step=20, path="samples/a.png", prompt="a dog", seed=1)
    cursor = look(view)["cursor"]
    told.begin(step=15).steps(16, 17, loss=-1.0)
    now = look(view, cursor)
    points = now["curves"]["loss"]["points"] + now["curves"]["loss"]["open"]
    assert now["is_whole"]
    assert points[-3:] == [(1015, 15.0), (1016, -1.0), (1017, -1.0)]
    assert now["samples"] == []


def test_paths_are_absolute_and_checkpoints_that_were_removed_are_left_out(told, view, folder):
    told.begin()
    for step in (10, 20):
        told.writer.write("checkpoint", step=step, path=f"checkpoints/toy_{step}.safetensors", moved={})
    told.writer.write("sample", step=1, path="samples/a.png", prompt="a dog", seed=1)
    folder.checkpoints.mkdir()
    kept = folder.checkpoints / "toy_20.safetensors"
    kept.touch()
    now = look(view)
    assert now["checkpoints"] == [{"step": 20, "path": str(kept)}]
    assert now["samples"][0]["path"] == str(folder.samples / "a.png")


@pytest.mark.parametrize(
    ("outcome", "told_with_it", "words", "message"),
    [
        ("done", {"result": {"step": 3}}, "done: 3 steps", None),
        ("stopped", {"result": {"step": 3}}, "stopped at step 3 of 100; it can go on", None),
        ("discarded", {}, "discarded: the model is as it was last saved", None),
        ("refused", {"message": "lower it"}, "refused", "lower it"),
        ("failed", {"message": "no memory"}, "failed", "no memory"),
    ],
)
def test_end_is_told_with_its_message_and_result(told, view, outcome, told_with_it, words, message):
    told.begin().steps(1, 3).end(outcome, **told_with_it)
    now = look(view)
    assert (now["status"], now["words"], now["message"]) == (outcome, words, message)
    assert now["result"] == told_with_it.get("result")
    assert now["eta_seconds"] is None


def test_worker_that_died_is_lost(told, view):
    told.begin().steps(1, 3)
    now = look(view)
    assert (now["status"], now["message"]) == ("lost", LOST["message"])


def test_worker_that_writes_its_end_is_not_running_any_more(told, view):
    told.begin().end()
    with alive(told.run):
        assert look(view)["status"] == "done"


def test_waiting_ends_when_the_turn_has_come(told, view):
    told.writer.write("work", job="train", pid=1)
    told.writer.write("waiting", message="2 other jobs come first", before=2)
    with alive(told.run):
        now = look(view)
        assert (now["status"], now["words"]) == ("waiting", "waiting: 2 other jobs come first")
        told.writer.write("begin")
        assert (look(view)["status"], look(view)["words"]) == ("running", "train: preparing")


def test_progress_warnings_and_class_images_are_told(told, view):
    told.writer.write("work", job="train", pid=1)
    for number in range(12):
        told.writer.write("warning", message=f"warning {number}")
        told.writer.write("class_image", path=f"classifiers_0/{number}.png")
    told.writer.write("progress", what="class images", done=12, total=20)
    with alive(told.run):
        now = look(view)
    assert now["words"] == "class images: 12 of 20"
    assert [each["message"] for each in now["warnings"]] == [f"warning {number}" for number in range(2, 12)]
    assert now["num_class_images"] == 12


def test_run_that_was_just_given_is_starting_and_later_lost(told, view):
    told.run.events_file.unlink()
    assert look(view)["words"] == "train: starting"


def test_run_that_is_deleted_is_none_and_may_come_again(told, view, tmp_path):
    told.begin().steps(1, 3)
    first = look(view)
    shutil.move(told.run.path, tmp_path / "aside")
    assert (look(view, first["cursor"])["status"], look(view)["cursor"]) == ("none", None)
    shutil.move(tmp_path / "aside", told.run.path)
    assert look(view, first["cursor"])["is_whole"]


def test_event_of_another_make_is_passed_over(told, view):
    told.begin()
    for kind in ("step", "progress", "sample", "end", "dance"):
        told.writer.write(kind)
    told.steps(1, 2)
    assert look(view)["step"] == 2


def test_long_run_shows_its_spike(tmp_path):
    run = RunFolder(tmp_path / "toy" / "runs" / "20260101-000000-000-train")
    write_long_run(run, 30_000, spike_at=5_000)
    now = look(RunView(run))
    assert (5_000, 77.0) in now["curves"]["loss"]["points"]
    assert len(now["curves"]["loss"]["points"]) <= 1500
    assert (now["status"], now["step"], len(now["samples"])) == ("done", 30_000, 1)


def test_many_may_look_at_once(told, view):
    told.begin()
    writing = threading.Thread(target=lambda: told.steps(1, 300))
    writing.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: look(view), range(100)))
    writing.join()
    points = look(view)["curves"]["loss"]
    assert [step for step, _ in points["points"] + points["open"]] == list(range(1001, 1301))


def test_only_the_views_that_were_asked_for_last_are_kept(tmp_path):
    views = RunViews()
    first = views.find(RunFolder(tmp_path / "first"))
    assert views.find(RunFolder(tmp_path / "first")) is first
    for number in range(VIEWS_KEPT):
        views.find(RunFolder(tmp_path / str(number)))
    assert views.find(RunFolder(tmp_path / "first")) is not first
