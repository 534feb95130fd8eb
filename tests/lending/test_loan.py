"""Workers and webuis as processes: who asks, who answers, and what death does."""

import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.lending.hosts import living_hosts
from dreambooth.lending.loan import Lenders, borrowed, find_loan
from dreambooth.lending.saved import take_saved, tell_saved
from dreambooth.locks import file_lock

ROOT = Path(__file__).resolve().parents[2]
BORROW = """
import sys
from pathlib import Path
from dreambooth.config.folders import RunFolder
from dreambooth.lending.loan import Lenders, borrowed
from dreambooth.locks import file_lock

def tell(words):
    print(words, flush=True)

run = RunFolder(Path(sys.argv[2]))
lenders = Lenders(waiting=lambda name: tell("waits for " + name), still_waiting=lambda: None, warn=tell)
with file_lock(run.lock_file, lambda: None), borrowed(Path(sys.argv[1]), run, lenders):
    tell("mine")
    sys.stdin.read()
"""
# Told what to do line by line: look for the loan, lend, or lend with a problem.
HOST = """
import sys
from pathlib import Path
from dreambooth.lending.hosts import announced
from dreambooth.lending.loan import find_loan, say_lent

models_dir = Path(sys.argv[1])
with announced(models_dir, sys.argv[2]) as folder:
    print("ready", flush=True)
    for line in sys.stdin:
        loan = find_loan(models_dir)
        if loan and line != "look\\n":
            say_lent(folder, loan, line.strip() if line != "lend\\n" else "")
        print(loan.run.path.name if loan else "nothing", flush=True)
"""


@pytest.fixture
def start(tmp_path):
    """Starts processes with pipes, and ends them."""
    started = []

    def start_process(code, *arguments) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", code, str(tmp_path), *map(str, arguments)]
        started.append(subprocess.Popen(command, cwd=ROOT, **pipes))
        return started[-1]

    yield start_process
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def start_host(start):
    """Starts a webui of this name, and waits until it is announced."""

    def start_named(name="Forge") -> subprocess.Popen[str]:
        host = start(HOST, name)
        assert heard(host) == "ready"
        return host

    return start_named


@pytest.fixture
def start_worker(start, tmp_path):
    """Starts a worker that keeps the device until its input is closed."""
    return lambda name="run": start(BORROW, tmp_path / "toy" / "runs" / name)


def heard(process) -> str:
    return process.stdout.readline().strip()


def told(process, words) -> str:
    """What it answers."""
    process.stdin.write(f"{words}\n")
    process.stdin.flush()
    return heard(process)


def test_without_a_webui_nobody_is_waited_for(start_worker):
    assert heard(start_worker()) == "mine"


def test_worker_waits_until_the_webui_has_lent(start_host, start_worker):
    host = start_host()
    worker = start_worker()
    assert heard(worker) == "waits for Forge"
    assert told(host, "look") == "run"
    assert told(host, "lend") == "run"
    assert heard(worker) == "mine"


def test_each_of_two_webuis_has_to_lend(start_host, start_worker):
    hosts = [start_host("one"), start_host("two")]
    worker = start_worker()
    assert heard(worker).startswith("waits for")
    told(hosts[0], "lend")
    assert told(hosts[0], "look") == "run"
    told(hosts[1], "lend")
    assert heard(worker) == "mine"


@pytest.mark.parametrize("signal", ["kill", "terminate"])
def test_webui_that_dies_is_not_waited_for(start_host, start_worker, signal):
    host = start_host()
    worker = start_worker()
    assert heard(worker) == "waits for Forge"
    getattr(host, signal)()
    assert heard(worker) == "mine"


def test_webui_that_was_dead_before_is_not_waited_for(start_host, start_worker):
    host = start_host()
    host.kill()
    host.wait()
    assert heard(start_worker()) == "mine"


def test_problem_of_a_webui_is_told_and_stops_nobody(start_host, start_worker):
    host = start_host()
    worker = start_worker()
    assert heard(worker) == "waits for Forge"
    told(host, "it keeps its model")
    assert heard(worker) == "it keeps its model"
    assert heard(worker) == "mine"


def test_webui_that_starts_later_finds_the_loan(start_host, start_worker):
    assert heard(start_worker()) == "mine"
    assert told(start_host(), "look") == "run"


def test_killed_worker_has_given_the_device_back(start_host, start_worker):
    host, worker = start_host(), start_worker()
    assert heard(worker) == "waits for Forge"
    told(host, "lend")
    assert heard(worker) == "mine"
    worker.kill()
    worker.wait()
    assert told(host, "look") == "nothing"


def test_answer_to_an_earlier_loan_counts_for_no_other(start_host, start_worker):
    host, first = start_host(), start_worker("first")
    assert heard(first) == "waits for Forge"
    told(host, "lend")
    assert heard(first) == "mine"
    first.stdin.close()
    first.wait()
    assert heard(start_worker("first")) == "waits for Forge"


def test_worker_that_gives_up_asks_no_more(start_host, tmp_path):
    host, run = start_host(), RunFolder(tmp_path / "toy" / "runs" / "run")

    def give_up():
        raise TimeoutError

    lenders = Lenders(waiting=print, still_waiting=give_up, warn=print)
    with (
        file_lock(run.lock_file, print),
        pytest.raises(TimeoutError),
        borrowed(tmp_path, run, lenders),
    ):
        pass
    assert told(host, "look") == "nothing"
    assert find_loan(tmp_path) is None


def test_saved_files_are_told_once_to_those_who_live(start_host, tmp_path):
    dead = start_host("dead")
    dead.kill()
    dead.wait()
    start_host("living")
    tell_saved(tmp_path, tmp_path / "a.safetensors")
    (host,) = living_hosts(tmp_path)
    assert host.load_name() == "living"
    assert take_saved(host) == [tmp_path / "a.safetensors"]
    assert take_saved(host) == []
