"""Runs as the page follows and steers them."""

import json
from dataclasses import replace

import pytest

from tests.conftest import MODEL
from tests.jobs.told_runs import ToldRun


@pytest.fixture
def told(library) -> ToldRun:
    return ToldRun(library, MODEL).begin().steps(1, 5)


def test_page_hears_the_run_first_whole_and_then_what_is_new(perform_action, told):
    first = perform_action("page.state", model=MODEL, run=None, cursor=None)["result"]
    told.steps(6, 6).end("failed", message="the disk is full")
    second = perform_action("page.state", model=MODEL, run=None, cursor=first["view"]["cursor"])["result"]
    assert (first["view"]["is_whole"], second["view"]["is_whole"]) == (True, False)
    assert (second["view"]["status"], second["view"]["message"]) == ("failed", "the disk is full")
    assert json.loads(json.dumps(second, allow_nan=False))["queue"] == []


def test_view_of_a_run_is_the_one_of_the_page(perform_action, told):
    view = perform_action("run.view", run=told.place)["result"]
    assert view == perform_action("page.state", model=None, run=told.place)["result"]["view"]
    assert perform_action("run.view", run="toy/runs/gone")["result"]["status"] == "none"
    assert "no place of a run" in perform_action("run.view", run="../../x")["refused"]


def test_end_of_the_log_is_told_as_it_looks(perform_action, told):
    assert perform_action("run.log", run=told.place, lines=10)["result"] == {"lines": []}
    told.run.log_file.write_bytes(b"one\ntwo\n 10%\r 50%\r100%\n\xff <b>\nunfinished")
    answer = perform_action("run.log", run=told.place, lines=3)["result"]
    assert answer == {"lines": ["100%", "\ufffd <b>", "unfinished"]}
    assert "lines: must be from 1 to 2000" in perform_action("run.log", run=told.place, lines=0)["refused"]


def test_long_log_is_told_from_its_end(perform_action, told):
    told.run.log_file.write_text("".join(f"line {number}\n" for number in range(50_000)))
    lines = perform_action("run.log", run=told.place, lines=2000)["result"]["lines"]
    assert (lines[0], lines[-1], len(lines)) == ("line 48000", "line 49999", 2000)


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        ("run.train", {"name": "gone"}, "there is no model gone"),
        ("run.train", {"name": MODEL}, "concepts: add at least one concept"),
        ("run.train", {"name": MODEL, "resume": "yes"}, "resume: must be true or false"),
        ("run.train", {}, "name: must be given"),
        ("run.ask", {"name": MODEL, "request": "stop"}, "toy is not being trained now"),
        ("run.ask", {"run": "toy/runs/x-train", "request": "stop"}, "not under way"),
        ("run.cancel", {"run": "toy/runs/20260101-000000-000-train"}, "over already"),
        ("run.cancel", {"run": "/etc"}, "no place of a run"),
    ],
)
def test_what_cannot_be_is_refused_in_words(perform_action, action, values, message):
    assert message in perform_action(action, **values)["refused"]


def test_resume_without_an_interrupted_training_is_refused(perform_action, library, config):
    library.save_config(MODEL, replace(config))
    assert "no interrupted training" in perform_action("run.train", name=MODEL, resume=True)["refused"]
