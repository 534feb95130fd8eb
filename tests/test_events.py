"""What a run says, and what it is asked."""

import json
import math
import threading

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.events import (
    REQUESTS,
    EventReader,
    EventWriter,
    ask,
    read_events,
    read_lines_backwards,
    take_drawing,
    take_requests,
)


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def kinds(events) -> list[str]:
    return [event["event"] for event in events]


def test_events_are_read_as_they_were_written(run):
    writer = EventWriter(run)
    writer.write("step", step=1, text="ü\n", lr={"unet": 0.5}, losses=[1.0])
    (event,) = read_events(run)
    assert event.pop("time") > 1e9
    assert event == {"event": "step", "step": 1, "text": "ü\n", "lr": {"unet": 0.5}, "losses": [1.0]}


def test_reader_goes_on_where_it_stopped(run):
    reader, writer = EventReader(run), EventWriter(run)
    assert list(reader.read()) == []
    writer.write("one")
    assert kinds(reader.read()) == ["one"]
    writer.write("two")
    assert kinds(reader.read()) == ["two"]
    assert list(reader.read()) == []


def test_reader_may_come_before_the_run(run):
    assert read_events(run) == []


def test_half_a_line_is_not_read_before_it_is_whole(run):
    reader = EventReader(run)
    EventWriter(run).write("one")
    with run.events_file.open("ab") as file:
        file.write(b'{"event": ')
        file.flush()
        assert kinds(reader.read()) == ["one"]
        file.write(b'"two"}\n')
    assert kinds(reader.read()) == ["two"]


def test_torn_last_line_is_closed_when_the_run_goes_on(run):
    EventWriter(run).write("one")
    with run.events_file.open("ab") as file:
        file.write(b'{"event": "to')
    EventWriter(run).write("two")
    assert kinds(read_events(run)) == ["one", "two"]


def test_lines_of_many_writers_are_never_mixed(run):
    def write_many(name):
        writer = EventWriter(run)
        for number in range(50):
            writer.write(name, number=number, filling="x" * 3000)

    threads = [threading.Thread(target=write_many, args=(str(index),)) for index in range(3)]
    reader, seen = EventReader(run), []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += kinds(reader.read())
    assert len(seen + kinds(reader.read())) == 150


def test_numbers_that_are_none_are_null_for_every_reader(run):
    EventWriter(run).write("step", loss=math.nan, lr={"unet": math.inf}, losses=(1.0, -math.inf))
    line = run.events_file.read_text()
    event = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert (event["loss"], event["lr"], event["losses"]) == (None, {"unet": None}, [1.0, None])


def test_requests_are_taken_once(run):
    for request in ("save", "stop", "save"):
        ask(run, request)
    assert take_requests(run) == ["stop", "save"]
    assert take_requests(run) == []


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_arrives(run, request_name):
    ask(run, request_name)
    assert take_requests(run) == [request_name]


def test_drawing_is_taken_once_and_the_last_that_was_asked_for_counts(run):
    assert take_drawing(run) is None
    for prompt in ("a cat", "a ☃"):
        ask(run, "draw", {"prompt": prompt})
    assert take_requests(run) == []
    assert json.loads(take_drawing(run)) == {"prompt": "a ☃"}
    assert take_drawing(run) is None


def test_lines_are_read_backwards_over_the_borders_of_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("dreambooth.events.BLOCK_BYTES", 7)
    path = tmp_path / "lines"
    for text in ("", "a", "a\n", "\n", "one\n\ntwenty-two characters\nthree", "one\ntwo\n"):
        path.write_text(text)
        whole = text.split("\n")[:-1]
        assert [line.decode() for line in read_lines_backwards(path)] == whole[::-1]
        all_lines = [*whole, text.split("\n")[-1]] if text and not text.endswith("\n") else whole
        assert [line.decode() for line in read_lines_backwards(path, with_unfinished=True)] == all_lines[::-1]
