"""Where environments lie: beside the package, elsewhere by choice, or with the user."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dreambooth import environment
from dreambooth.environment import place, stamps

NOBODY = 65534


@pytest.fixture
def unasked(monkeypatch) -> Iterator[None]:
    """Neither variable nor command line says anything."""
    monkeypatch.delenv("DREAMBOOTH_ENV", raising=False)
    yield
    environment.choose_folder(None)


@pytest.mark.usefixtures("unasked")
def test_usual_place_is_beside_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "ROOT", tmp_path)
    assert environment.environment_folder() == tmp_path / ".venv"


@pytest.mark.usefixtures("unasked")
def test_command_line_counts_more_than_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "variable"))
    assert environment.environment_folder() == tmp_path / "variable"
    environment.choose_folder(tmp_path / "option")
    assert environment.environment_folder() == tmp_path / "option"
    assert environment.child_variables()["DREAMBOOTH_ENV"] == str(tmp_path / "option")


@pytest.mark.usefixtures("unasked")
def test_relative_choice_is_the_same_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "ROOT", tmp_path)
    monkeypatch.chdir("/")
    environment.choose_folder("mine")
    assert environment.environment_folder() == tmp_path / "mine"


@pytest.mark.parametrize("name", ["PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PYTHONHOME"])
def test_variables_of_the_host_lead_nothing_into_its_packages(name, monkeypatch):
    monkeypatch.setenv(name, "/host")
    assert name not in environment.child_variables()
    assert name not in place.variables_without_paths()


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.usefixtures("unasked")
def test_folder_that_may_not_be_written_sends_it_to_the_user(monkeypatch):
    root = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setenv("XDG_DATA_HOME", str(root / "data"))
    monkeypatch.setattr(place, "ROOT", root / "extension")
    (root / "extension").mkdir()
    root.chmod(0o755)
    (root / "extension").chmod(0o555)
    try:
        assert asked_as_nobody() == [place.users_folder(), root / "extension" / ".venv"]
    finally:
        shutil.rmtree(root)


def asked_as_nobody() -> list[Path]:
    """Where environments lie for a user whom permissions bind, as they do not bind root."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        if os.getuid() == 0:
            os.setuid(NOBODY)
        os.write(writes, json.dumps([str(path) for path in place.environment_folders()]).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as told:
        folders = [Path(path) for path in json.load(told)]
    os.waitpid(child, 0)
    return folders


def contents(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


def test_environment_is_made_outside_a_read_only_extension(empty_tree, tmp_path, monkeypatch):
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "the user"))
    monkeypatch.setattr(os, "access", lambda path, _: not Path(path).is_relative_to(empty_tree))
    before = contents(empty_tree)
    environment.make_environment(print)
    ready = environment.find_ready().folder
    assert ready.is_relative_to(tmp_path / "the user")
    assert contents(empty_tree) == before


def test_environment_that_came_with_a_read_only_extension_is_used(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "the user"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert environment.find_ready().folder.is_relative_to(tree)
    (tree / stamps.LOCK).write_text("# changed\n")
    environment.make_environment(print)
    assert not environment.find_ready().folder.is_relative_to(tree)
