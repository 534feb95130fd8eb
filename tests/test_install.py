"""``install.py`` as a webui runs it."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth.environment import Environment, find_ready
from dreambooth.environment.holding import hold
from dreambooth.environment.progress import telling

ROOT = Path(__file__).resolve().parent.parent
UNREACHABLE = "pip install -i http://127.0.0.1:9/simple dreambooth-no-such-package"


def run_installer(extension: Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Its child in a session of its own, which has no terminal."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("DREAMBOOTH_")}
    return subprocess.run(
        [sys.executable, str(extension / "install.py")],
        cwd=cwd,
        env={**known, "PYTHONPATH": str(cwd), **variables},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


@pytest.fixture
def extension(tmp_path) -> Path:
    """A copy of what the installer needs, with a lock of nothing, in a folder of a name with spaces."""
    folder = tmp_path / "the webui" / "extensions" / "my trainer"
    (folder / "dreambooth").mkdir(parents=True)
    for name in ("install.py", "dreambooth/__init__.py"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "dreambooth" / "environment", folder / "dreambooth" / "environment")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text("# nothing\n")
    return folder


def test_first_start_makes_it_and_the_second_says_nothing(extension):
    webui = extension.parents[1]
    first = run_installer(extension, webui, DREAMBOOTH_TORCH_COMMAND="pip --version")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == "dreambooth: The training environment is ready"
    second = run_installer(extension, extension)  # SD.Next starts it there
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert "The training environment is ready" in (extension / ".venv" / "making.log").read_text()


def test_without_network_it_is_a_sentence_and_the_webui_starts(extension):
    answer = run_installer(extension, extension.parents[1], DREAMBOOTH_TORCH_COMMAND=UNREACHABLE)
    assert (answer.returncode, answer.stderr) == (0, "")
    why, what_to_do = answer.stdout.splitlines()[-2:]
    assert "Connect this machine to the network" in why
    assert what_to_do == "dreambooth: The tab has a button that tries again."


def test_webui_does_not_wait_for_a_making_that_the_page_began(extension):
    folder = extension / ".venv"
    folder.mkdir()
    with hold(folder, lambda: None), telling(folder, print):
        answer = run_installer(extension, extension.parents[1])
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "is being made by another process" in answer.stdout


def test_option_of_the_webui_says_where(extension, tmp_path):
    answer = run_installer(
        extension,
        extension.parents[1],
        COMMANDLINE_ARGS=f"--api --dreambooth-env '{tmp_path / 'another disk'}'",
        DREAMBOOTH_TORCH_COMMAND="pip --version",
    )
    assert answer.returncode == 0
    assert (tmp_path / "another disk" / "making.json").exists()
    assert not (extension / ".venv").exists()


def test_torch_of_the_webui_is_not_ours(extension):
    answer = run_installer(
        extension,
        extension.parents[1],
        DREAMBOOTH_TORCH_COMMAND="pip --version",
        TORCH_COMMAND="pip install torch==2.1.2",
        PIP_TARGET=str(extension / "elsewhere"),
    )
    assert answer.stdout.splitlines()[-1] == "dreambooth: The training environment is ready"
    assert "2.1.2" not in (extension / ".venv" / "making.log").read_text()


def test_start_with_a_ready_environment_loads_nothing_that_makes_one():
    code = (
        "import runpy, sys; runpy.run_path('install.py', run_name='__main__'); "
        "assert not {'subprocess', 'dreambooth.environment.making'} & set(sys.modules)"
    )
    ready = find_ready()
    assert isinstance(ready, Environment)
    known = {**os.environ, "DREAMBOOTH_SKIP_INSTALL": ""}
    answer = subprocess.run(
        [str(ready.python), "-S", "-c", code],
        cwd=ROOT,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")


OLDEST = (3, 8)  # that a webui may run with; it is told which Python is needed, or another is found
READ_BY_ALL = [ROOT / "install.py", ROOT / "preload.py", *(ROOT / "dreambooth" / "environment").glob("*.py")]


@pytest.mark.parametrize("path", READ_BY_ALL, ids=lambda path: path.name)
def test_python_that_is_too_old_can_read_what_says_so(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST)
