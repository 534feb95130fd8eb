"""Locks between processes."""

import subprocess
import sys
from pathlib import Path

from dreambooth.locks import file_lock, is_locked

ROOT = Path(__file__).resolve().parent.parent
HOLD = """
import sys, time
from pathlib import Path
from dreambooth.locks import file_lock
with file_lock(Path(sys.argv[1]), lambda: print("waiting", flush=True)):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_lock_is_seen_while_it_is_held_and_not_afterwards(tmp_path):
    path = tmp_path / "folder" / "lock"
    assert not is_locked(path)
    with file_lock(path, waiting=lambda: None):
        assert is_locked(path)
    assert not is_locked(path)


def test_killed_process_frees_its_lock(tmp_path):
    with start_holder(tmp_path / "lock") as holder:
        assert holder.stdout.readline() == "held\n"
        assert is_locked(tmp_path / "lock")
        holder.kill()
    assert not is_locked(tmp_path / "lock")


def test_second_process_waits_and_says_so(tmp_path):
    with file_lock(tmp_path / "lock", waiting=lambda: None):
        second = start_holder(tmp_path / "lock")
        assert second.stdout.readline() == "waiting\n"
    assert second.stdout.readline() == "held\n"
    second.communicate("")
    assert second.returncode == 0
