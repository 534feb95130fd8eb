"""Which Python an environment is made with."""

import sys
from pathlib import Path

import pytest

from dreambooth.environment import problems, pythons

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs here are shell scripts")
OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def runs_this_python(path: Path) -> None:
    program(path, f'exec "{sys.executable}" "$@"')


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A folder for programs where no Python is found, to the eyes of one that is too old."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_this_one_is_taken_if_the_lock_knows_it():
    chosen = pythons.choose_python()
    assert chosen == pythons.Python(sys._base_executable, OWN)


@pytest.mark.usefixtures("nowhere")
def test_without_any_a_sentence_says_what_to_do():
    with pytest.raises(problems.UnsupportedPython, match=r"this one is 3\.9.*Install one from python\.org"):
        pythons.choose_python()


def test_one_of_the_path_is_taken(nowhere):
    runs_this_python(nowhere / "bin" / "python3.11")
    assert pythons.choose_python() == pythons.Python(sys.executable, OWN)


def test_one_of_pyenv_is_taken(nowhere):
    runs_this_python(nowhere / "pyenv" / "versions" / "3.10.13" / "bin" / "python")
    assert pythons.choose_python().version == OWN


@pytest.mark.parametrize(
    "script",
    ["echo 'pyenv: python3.13: command not found' >&2; exit 127", "echo 3.14 /usr/bin/python", "exit 0"],
    ids=["a shim for nothing", "another version", "no answer"],
)
def test_what_is_no_python_for_us_is_passed_over(nowhere, script):
    program(nowhere / "bin" / "python3.13", script)
    runs_this_python(nowhere / "bin" / "python3.10")
    assert pythons.choose_python().version == OWN


def test_the_newest_comes_first(nowhere):
    for version in ("3.10", "3.12", "3.13", "3.14"):
        program(nowhere / "bin" / f"python{version}", f"echo {version} /python{version}")
    assert pythons.choose_python() == pythons.Python("/python3.13", "3.13")


def test_one_that_cannot_make_environments_is_passed_over(nowhere, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(nowhere / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(nowhere / "pyenv"))
    monkeypatch.setattr(pythons, "find_spec", lambda name: None if name == "ensurepip" else name)
    with pytest.raises(problems.UnsupportedPython, match="python3-venv"):
        pythons.choose_python()
    runs_this_python(nowhere / "bin" / "python3.12")
    assert pythons.choose_python().version == OWN
