"""An update while something runs, and what is left of earlier environments."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth import environment
from dreambooth.environment import holding, problems, removing, stamps
from dreambooth.environment.versions import Environment
from tests.environment.test_making import MAKE_IN, ROOT


@pytest.fixture
def running():
    """Starts a Python that waits for its input, in an environment; all are ended."""
    started = []

    def run(folder: Path) -> subprocess.Popen[bytes]:
        code = "print(1, flush=True); input(); import colorsys"
        command = [str(Environment(folder).python), "-c", code]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline()
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def update(tree: Path) -> list[str]:
    """A new lock, and what is reported while its environment is made."""
    (tree / stamps.LOCK).write_text("# changed\n")
    lines = []
    environment.make_environment(lines.append)
    return lines


def test_changed_lock_is_noticed(tree):
    (tree / stamps.LOCK).write_text("# changed\n")
    assert environment.find_fault() == "requirements.txt has changed since it was made"


def test_update_goes_beside_what_runs_and_removes_it_afterwards(tree, running):
    old = environment.find_ready().folder
    process = running(old)
    update(tree)
    new = environment.find_ready().folder
    assert new != old
    assert old.is_dir()
    process.communicate(b"\n")
    assert process.returncode == 0  # it could still load what it needed
    lines = []
    environment.make_environment(lines.append)
    assert lines == [f"Removing the training environment of an earlier version, {old.name}"]
    assert sorted(path.name for path in new.parent.iterdir() if path.is_dir()) == [new.name]


def test_update_removes_at_once_what_nothing_runs_in(tree):
    old = environment.find_ready().folder
    update(tree)
    assert not old.exists()


def test_process_that_is_killed_keeps_nothing(tree, running):
    old = environment.find_ready().folder
    process = running(old)
    process.kill()
    process.wait()
    update(tree)
    assert not old.exists()


def test_child_of_a_process_keeps_it_too(tree):
    old = environment.find_ready()
    with removing.unused(str(old.folder)) as is_unused:
        assert is_unused
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    process = subprocess.Popen(
        [str(old.python), "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tree
    )
    assert process.stdout.readline()
    assert removing.is_in_use(old)
    process.communicate(b"\n")
    assert not removing.is_in_use(old)


def test_failed_update_leaves_the_old_one_as_it_was(tree, monkeypatch):
    old = environment.find_ready().folder
    before = {path: path.stat().st_mtime_ns for path in old.rglob("*") if path.is_file()}
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", "pip install ./no-such-folder")
    with pytest.raises(problems.InstallFailed):
        update(tree)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_going_back_to_the_lock_before_costs_nothing_while_it_is_there(tree, running):
    old = environment.find_ready().folder
    running(old)
    update(tree)
    (tree / stamps.LOCK).write_text("# nothing\n")
    assert environment.find_ready().folder == old


def test_environment_of_another_copy_of_the_trainer_is_left_alone(tree, tmp_path):
    old = environment.find_ready().folder
    stamp = old / stamps.BASE.stamp_file
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "root": str(tmp_path)}))
    update(tree)
    assert old.is_dir()
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "root": str(tmp_path / "gone")}))
    environment.make_environment(print)
    assert not old.exists()


def test_lock_that_changes_meanwhile_is_not_taken_for_the_one_that_was_installed(tree):
    def change_lock(_: str) -> None:
        (tree / stamps.LOCK).write_text("# later\n")

    (tree / stamps.LOCK).write_text("# changed\n")
    with pytest.raises(problems.InstallFailed, match="changed while"):
        environment.make_environment(change_lock)
    assert not environment.is_ready()


def test_two_processes_make_one_environment(empty_tree):
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_IN, str(empty_tree)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [maker.communicate()[0] for maker in makers]
    assert [maker.returncode for maker in makers] == [0, 0]
    assert "".join(told).count("Making the training environment") == 1
    assert len(environment.find_environments()) == 1
    assert environment.is_ready()


@pytest.fixture
def earlier_release(request):
    """The folder as an earlier release made it: one environment, which is the folder itself."""
    request.getfixturevalue("tree")
    folder = environment.environment_folder()
    made = environment.find_ready().folder
    for child in made.iterdir():
        child.rename(folder / child.name)
    made.rmdir()
    return folder


def test_environment_of_an_earlier_release_is_used_as_it_is(earlier_release, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    environment.make_environment(print)
    assert environment.find_ready().folder == earlier_release


def test_environment_of_an_earlier_release_stays_when_it_is_no_longer_right(tree, earlier_release):
    update(tree)
    assert environment.find_ready().folder.parent == earlier_release
    assert Environment(earlier_release).python.exists()


def test_removal_leaves_nothing_but_the_lock(tree):
    update(tree)
    removing.remove_all()
    assert environment.find_fault() == "it has not been made yet"
    removing.delete_removed()
    assert [path.name for path in environment.environment_folder().iterdir()] == [holding.HOLD_FILE]


def test_removal_takes_that_of_an_earlier_release_too(earlier_release):
    removing.remove_all()
    removing.delete_removed()
    assert [path.name for path in earlier_release.iterdir()] == [holding.HOLD_FILE]


@pytest.mark.usefixtures("tree")
def test_removal_is_refused_while_something_runs(running):
    process = running(environment.find_ready().folder)
    with pytest.raises(problems.EnvironmentInUse, match="end it first"):
        removing.remove_all()
    assert environment.is_ready()
    process.kill()
    process.wait()
    removing.remove_all()
    assert not environment.is_ready()


@pytest.mark.usefixtures("tree")
def test_removal_is_refused_while_it_is_made():
    folder = environment.environment_folder()
    with holding.hold(folder, lambda: None), pytest.raises(problems.EnvironmentInUse, match="being made"):
        removing.remove_all()
    assert environment.is_ready()


@pytest.mark.usefixtures("tree")
def test_removal_takes_no_folder_of_somebody_else(tmp_path, monkeypatch):
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "cat.jpg").touch()
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "photographs"))
    with pytest.raises(problems.ForeignFolder):
        removing.remove_all()
    assert (tmp_path / "photographs" / "cat.jpg").exists()


def test_what_a_killed_removal_left_goes_at_the_next_start(tree):
    folder = environment.environment_folder()
    shutil.copytree(environment.find_ready().folder / "lib", folder / "removed-0123456789-py3.11")
    update(tree)
    assert not list(folder.glob("removed-*"))
