"""First come, first served."""

import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.locks import file_lock
from dreambooth.turns import QUEUE, turn

ROOT = Path(__file__).resolve().parent.parent
TAKE_A_TURN = """
import sys
from pathlib import Path
from dreambooth.config.folders import RunFolder
from dreambooth.locks import file_lock
from dreambooth.turns import turn

run = RunFolder(Path(sys.argv[2]))
with file_lock(run.lock_file, lambda: None):
    with turn(Path(sys.argv[1]), run, lambda before: print(before, flush=True), lambda: None):
        print("mine", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """Starts workers that keep their turn until their input is closed."""
    started = []

    def start_run(name) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", TAKE_A_TURN, str(tmp_path), str(tmp_path / "toy" / "runs" / name)]
        started.append(subprocess.Popen(command, cwd=ROOT, **pipes))
        return started[-1]

    yield start_run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def heard(process) -> str:
    return process.stdout.readline().strip()


def test_everyone_has_a_turn_in_the_order_of_coming(start):
    first = start("first")
    assert heard(first) == "mine"
    second = start("second")
    assert heard(second) == "1"
    third = start("third")
    assert heard(third) == "2"
    first.stdin.close()
    assert heard(second) == "mine"
    assert heard(third) == "1"
    second.stdin.close()
    assert heard(third) == "mine"


def test_one_that_dies_waiting_holds_nobody_up(start):
    first = start("first")
    assert heard(first) == "mine"
    second = start("second")
    assert heard(second) == "1"
    third = start("third")
    assert heard(third) == "2"
    second.kill()
    assert heard(third) == "1"
    first.kill()
    assert heard(third) == "mine"


def test_what_a_killed_queue_left_is_cleared(tmp_path):
    (tmp_path / QUEUE).mkdir()
    (tmp_path / QUEUE / "000000005").write_text("toy/runs/dead")
    run, told = RunFolder(tmp_path / "toy" / "runs" / "new"), []
    with file_lock(run.lock_file, lambda: None), turn(tmp_path, run, told.append, lambda: None):
        assert told == []
        assert [ticket.name for ticket in (tmp_path / QUEUE).glob("0*")] == ["000000006"]
    assert list((tmp_path / QUEUE).glob("0*")) == []


def test_whoever_gives_up_waiting_leaves_the_queue(start, tmp_path):
    first = start("first")
    assert heard(first) == "mine"
    run = RunFolder(tmp_path / "toy" / "runs" / "impatient")

    def give_up():
        raise TimeoutError

    with pytest.raises(TimeoutError), turn(tmp_path, run, print, give_up):
        pass
    assert len(list((tmp_path / QUEUE).glob("0*"))) == 1


def test_device_lock_without_a_ticket_is_waited_for_too(start, tmp_path):
    with file_lock(tmp_path / ".device.lock", waiting=lambda: None):
        second = start("second")
        assert heard(second) == "1"
    assert heard(second) == "mine"


def test_resumed_run_does_not_wait_for_its_killed_worker(start):
    first = start("first")
    assert heard(first) == "mine"
    first.kill()
    first.wait()
    assert heard(start("first")) == "mine"
