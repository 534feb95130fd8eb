"""``python -m dreambooth`` and ``install.py`` where there is no environment, or none can be made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth.__main__ import find_command

ROOT = Path(__file__).resolve().parent.parent


def run_python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def foreign_folder(tmp_path):
    (tmp_path / "something").touch()
    return str(tmp_path)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("train cat --resume", "train"),
        ("--json train cat", "train"),
        ("--models-dir doctor train cat", "train"),
        ("--models-dir=doctor test", "test"),
        ("--json", None),
        ("--models-dir", None),
    ],
)
def test_command_is_found_among_global_options(line, command):
    assert find_command(line.split()) == command


def test_command_without_environment_ends_with_code_3(foreign_folder):
    answer = run_python("-m", "dreambooth", "settings", DREAMBOOTH_ENV=foreign_folder)
    assert answer.returncode == 3
    assert answer.stdout == ""
    assert "left alone" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_doctor_works_without_environment_and_makes_none(tmp_path):
    folder = tmp_path / "environment"
    answer = run_python("-m", "dreambooth", "doctor", "--json", DREAMBOOTH_ENV=str(folder))
    *findings, last = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.returncode == 3
    assert last == {"result": {"possible": False, "missing": ["environment"]}}
    assert [finding["name"] for finding in findings][:2] == ["Python", "environment"]
    assert not folder.exists()


def test_doctor_says_what_to_do_in_plain_words(tmp_path):
    answer = run_python("-m", "dreambooth", "doctor", DREAMBOOTH_ENV=str(tmp_path / "environment"))
    assert "-> any command but doctor makes it" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "Training is not possible yet: see environment."
    assert "\x1b" not in answer.stdout


def test_doctor_tells_of_a_models_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    models = str(tmp_path / "file")
    answer = run_python(
        "-m", "dreambooth", "--models-dir", models, "doctor", DREAMBOOTH_ENV=str(tmp_path / "no")
    )
    assert "another folder with --models-dir" in answer.stdout


def test_host_starts_when_the_environment_cannot_be_made(foreign_folder):
    answer = run_python("install.py", DREAMBOOTH_ENV=foreign_folder, DREAMBOOTH_SKIP_INSTALL="")
    assert answer.returncode == 0
    assert "left alone" in answer.stdout


def test_install_can_be_skipped(foreign_folder):
    answer = run_python("install.py", DREAMBOOTH_ENV=foreign_folder, DREAMBOOTH_SKIP_INSTALL="1")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
