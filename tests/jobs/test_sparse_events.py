"""Reading long runs quickly, and leaving out nothing that counts."""

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.events import EventWriter
from dreambooth.jobs.sparse_events import read_events_sparsely
from tests.jobs.told_runs import write_long_run

NUM_STEPS = 20_000
SPIKE_AT = 4_321


@pytest.fixture(scope="module")
def long_run(tmp_path_factory) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("runs") / "20260101-000000-000-train")
    write_long_run(run, NUM_STEPS, SPIKE_AT)
    return run


def read(run: RunFolder, offset: int = 0) -> tuple[int, list[dict]]:
    blocks = list(read_events_sparsely(run.events_file, offset))
    return blocks[-1][0], [event for _, events in blocks for event in events]


def test_some_steps_of_a_long_run_are_read_and_all_other_events(long_run):
    offset, events = read(long_run)
    assert offset == long_run.events_file.stat().st_size
    assert len(events) < 4_000
    assert [event["event"] for event in events if event["event"] != "step"] == [
        "work",
        "start",
        "sample",
        "end",
    ]
    steps = [event["step"] for event in events if event["event"] == "step"]
    assert steps == sorted(steps)
    assert steps[-50:] == list(range(NUM_STEPS - 49, NUM_STEPS + 1))


def test_spike_in_a_long_run_is_read(long_run):
    _, events = read(long_run)
    assert max((event["loss"], event["step"]) for event in events if event["event"] == "step") == (
        77.0,
        SPIKE_AT,
    )


def test_loss_that_was_no_number_is_read(tmp_path):
    run = RunFolder(tmp_path / "a-train")
    write_long_run(run, NUM_STEPS, SPIKE_AT, spike=None)
    gaps = [event["step"] for event in read(run)[1] if event["event"] == "step" and event["loss"] is None]
    assert gaps == [SPIKE_AT]


def test_few_new_lines_are_all_read(tmp_path):
    run = RunFolder(tmp_path / "a-train")
    writer = EventWriter(run)
    for step in range(100):
        writer.write("step", step=step, loss=0.5)
    offset, events = read(run)
    assert len(events) == 100
    writer.write("end", outcome="done")
    assert [event["event"] for event in read(run, offset)[1]] == ["end"]


def test_torn_last_line_waits_and_damaged_lines_are_passed_over(tmp_path):
    run = RunFolder(tmp_path / "a-train")
    writer = EventWriter(run)
    writer.write("step", step=1, loss=0.5)
    with run.events_file.open("ab") as file:
        file.write(b'\x00\x00{"eve\n[1]\n{"event": "end", "outco')
    offset, events = read(run)
    assert [event["event"] for event in events] == ["step"]
    with run.events_file.open("ab") as file:
        file.write(b'me": "done"}\n')
    assert read(run, offset)[1] == [{"event": "end", "outcome": "done"}]


def test_damaged_step_in_the_middle_of_a_long_run_harms_no_other(tmp_path, long_run):
    run = RunFolder(tmp_path / "a-train")
    run.path.mkdir()
    lines = long_run.events_file.read_bytes().split(b"\n")
    lines[1_000] = lines[1_000][:60]
    run.events_file.write_bytes(b"\n".join(lines))
    offset, events = read(run)
    assert offset == run.events_file.stat().st_size
    assert max(event["loss"] for event in events if event["event"] == "step") == 77.0
