"""The events of a job as they come over HTTP, and how a listener goes on where it was."""

import json
import threading
from itertools import islice

import httpx
import pytest

from dreambooth.api.job_ids import id_of_place
from dreambooth.config.folders import RunFolder
from dreambooth.events import EventWriter
from dreambooth.jobs.start import prepare_tool
from dreambooth.locks import file_lock


@pytest.fixture
def run(library) -> RunFolder:
    """The run of a job that nobody has begun."""
    return prepare_tool(library, "merge", {})


@pytest.fixture
def address(library, run) -> str:
    """Where its events are told."""
    return f"/v1/jobs/{id_of_place(library.run_place(run))}/events"


def parse(lines):
    """Events with their ids, as a browser would take them from the lines of a stream."""
    told: dict = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line == "" and "data" in told:
            yield int(told["id"]), told["event"], json.loads(told["data"])
        told = {} if line == "" else told | ({name: value} if name else {})


def hear(client: httpx.Client, address: str, **headers: str) -> list:
    """All events until the stream ends."""
    with client.stream("GET", address, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(parse(answer.iter_lines()))


def tell(run: RunFolder, *kinds: str) -> None:
    writer = EventWriter(run)
    for number, kind in enumerate(kinds):
        writer.write(kind, number=number, outcome="done")
    writer.close()


def test_all_events_are_told_and_the_end_is_the_last(client, run, address):
    tell(run, "work", "progress", "warning", "end")
    heard = hear(client, address)
    assert [kind for _, kind, _ in heard] == ["work", "progress", "warning", "end"]
    assert [event["number"] for _, _, event in heard] == [0, 1, 2, 3]


@pytest.mark.parametrize("known", range(4))
def test_a_listener_goes_on_behind_any_event(client, run, address, known):
    tell(run, "work", "progress", "warning", "progress", "end")
    heard = hear(client, address)
    number = heard[known][0]
    assert hear(client, address, **{"last-event-id": str(number)}) == heard[known + 1 :]
    assert hear(client, f"{address}?after={number}") == heard[known + 1 :]


def test_who_has_heard_the_end_is_told_not_to_come_again(client, run, address):
    tell(run, "work", "end")
    last, _, _ = hear(client, address)[-1]
    assert client.get(address, headers={"last-event-id": str(last)}).status_code == 204


def test_events_arrive_while_the_job_is_at_work(client, run, address):
    with file_lock(run.lock_file, waiting=lambda: None), client.stream("GET", address) as answer:
        events = parse(answer.iter_lines())
        tell(run, "work")
        assert next(events)[1] == "work"
        tell(run, "progress")
        assert next(events)[1] == "progress"
        tell(run, "end")
        assert [kind for _, kind, _ in events] == ["end"]


def test_half_a_line_is_not_told_before_it_is_whole(client, run, address):
    whole = b'{"event": "work", "time": 1}\n'
    with file_lock(run.lock_file, waiting=lambda: None), client.stream("GET", address) as answer:
        with run.events_file.open("ab") as file:
            file.write(whole + b'{"event": "wa')
            file.flush()
            events = parse(answer.iter_lines())
            assert next(events)[0] == len(whole)
            file.write(b'rning", "message": "\xc3\xa4"}\n')
        assert next(events)[2]["message"] == "ä"


def test_a_job_whose_worker_died_ends_as_lost(client, run, address):
    tell(run, "work", "progress")
    assert hear(client, address)[-1][2]["outcome"] == "lost"


def test_what_goes_on_behind_an_end_is_told_as_well(client, run, address):
    tell(run, "work", "end", "work", "end")
    assert [kind for _, kind, _ in hear(client, address)] == ["work", "end", "work", "end"]


@pytest.mark.parametrize("number", ["x", "-1", "1e3", "9" * 30, "٣"])
def test_what_is_no_id_is_refused(client, run, address, number):
    tell(run, "work", "end")
    assert client.get(address, headers={"last-event-id": number.encode()}).status_code in (404, 422)


def test_an_event_that_is_not_there_cannot_be_gone_on_from(client, run, address):
    tell(run, "work", "end")
    assert client.get(f"{address}?after=100000").status_code == 404


def test_hosts_do_not_hold_events_back_to_compress_them(client, run, address):
    tell(run, "work", "end")
    assert client.get(address, headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "identity"


def test_listeners_who_do_not_read_keep_nobody_waiting(client, run, address):
    tell(run, *["progress"] * 20_000)
    before = threading.active_count()
    with file_lock(run.lock_file, waiting=lambda: None):
        idle = [client.stream("GET", address) for _ in range(60)]
        for stream in idle:
            stream.__enter__()
        try:
            assert client.get("/v1/models").status_code == 200
        finally:
            for stream in idle:
                stream.__exit__(None, None, None)
        assert len(list(islice(stream_of(client, address), 3))) == 3
    assert threading.active_count() < before + 60


def stream_of(client: httpx.Client, address: str):
    with client.stream("GET", address) as answer:
        yield from parse(answer.iter_lines())
