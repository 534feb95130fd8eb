"""Making the environment: what is reported, what a failure or a kill leaves, whose folder it is."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth import environment
from dreambooth.environment import holding, packages, problems, progress, stamps
from dreambooth.environment.versions import Environment
from tests.environment.conftest import NOTHING

UNREACHABLE = "pip install -i http://127.0.0.1:9/simple dreambooth-no-such-package"
ROOT = Path(__file__).resolve().parents[2]
MAKE_IN = (
    "import sys; from pathlib import Path; from dreambooth import environment; "
    "environment.place.ROOT = Path(sys.argv[1]); environment.make_environment(print)"
)
HERE = Environment(Path("here"))


@pytest.mark.usefixtures("tree")
def test_environment_is_ready_once_made():
    assert environment.find_fault() is None
    assert environment.environment_python().exists()


@pytest.mark.usefixtures("empty_tree")
def test_missing_environment_is_not_ready():
    assert environment.find_fault() == "it has not been made yet"


@pytest.mark.usefixtures("tree")
def test_ready_environment_costs_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    lines = []
    environment.make_environment(lines.append)
    assert lines == []


def test_failed_installation_leaves_it_half_made(tree, monkeypatch):
    (tree / stamps.LOCK).write_text("# changed\n")
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", "pip install ./no-such-folder")
    with pytest.raises(problems.InstallFailed, match="no-such-folder"):
        environment.make_environment(print)
    assert environment.find_fault() == "it is half made"


@pytest.mark.parametrize("content", ["", '{"lock": ', "[]", "\0\0"])
@pytest.mark.usefixtures("tree")
def test_broken_stamp_means_half_made(content):
    (environment.find_ready().folder / stamps.BASE.stamp_file).write_text(content)
    assert environment.find_fault() == "it is half made"


@pytest.mark.usefixtures("tree")
def test_vanished_python_is_noticed():
    environment.environment_python().unlink()
    assert environment.find_fault() == "the Python that it was made with is gone"


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_killed_installation_is_noticed_and_repaired(tree, monkeypatch):
    (tree / stamps.LOCK).write_text("# changed\n")
    with socket.create_server(("127.0.0.1", 0)) as silent_index:
        url = f"http://127.0.0.1:{silent_index.getsockname()[1]}/simple"
        monkeypatch.setenv(
            "DREAMBOOTH_TORCH_COMMAND", f"pip install --retries 0 -i {url} dreambooth-no-such-package"
        )
        maker = subprocess.Popen(
            [sys.executable, "-c", MAKE_IN, str(tree)], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        silent_index.settimeout(60)
        question, _ = silent_index.accept()
        maker.send_signal(signal.SIGKILL)
        maker.wait()
        assert environment.find_fault() == "it is half made"
        assert progress.read_progress(environment.environment_folder()).state == "making"
        half_made = next(each for each in environment.find_environments() if each.find_fault())
        (half_made.folder / "rubbish").touch()
        question.close()
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", NOTHING)
    environment.make_environment(print)
    assert environment.is_ready()
    assert not (environment.find_ready().folder / "rubbish").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not hand the lock down")
@pytest.mark.usefixtures("tree")
def test_command_that_outlives_its_maker_keeps_others_waiting():
    hold_file = environment.environment_folder() / holding.HOLD_FILE
    with hold_file.open("a") as file:
        assert holding.try_hold(file.fileno())
        orphan = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[file.fileno()]
        )
    with hold_file.open("a") as file:
        assert not holding.try_hold(file.fileno())
        orphan.communicate(b"\n")
        assert holding.try_hold(file.fileno())


def test_packages_for_tests_are_a_layer_of_their_own(tree):
    assert not environment.is_ready(dev=True)
    environment.make_environment(print, dev=True)
    assert environment.is_ready(dev=True)
    (tree / stamps.DEV_LOCK).write_text("# changed\n")
    assert environment.is_ready()
    assert not environment.is_ready(dev=True)


def test_unreachable_index_is_told_in_one_paragraph(tree, monkeypatch):
    (tree / stamps.LOCK).write_text("# changed\n")
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", UNREACHABLE)
    with pytest.raises(problems.NoNetwork, match="Connect this machine to the network") as caught:
        environment.make_environment(print)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("empty_tree")
def test_foreign_folder_is_left_alone(tmp_path, monkeypatch):
    foreign = tmp_path / "photographs"
    foreign.mkdir()
    (foreign / "cat.jpg").touch()
    monkeypatch.setenv("DREAMBOOTH_ENV", str(foreign))
    with pytest.raises(problems.ForeignFolder, match="left alone"):
        environment.make_environment(print)
    assert [child.name for child in foreign.iterdir()] == ["cat.jpg"]


@pytest.mark.usefixtures("empty_tree")
def test_unwritable_place_is_told_with_advice(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "file" / "venv"))
    with pytest.raises(environment.EnvironmentProblem, match="DREAMBOOTH_ENV"):
        environment.make_environment(print)


@pytest.mark.usefixtures("tree")
def test_failed_xformers_is_only_a_warning(monkeypatch):
    monkeypatch.setattr(packages, "XFORMERS", "dreambooth-no-such-package")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lines = []
    packages.Installer(environment.find_ready(), lines.append, print, 1).try_xformers()
    assert "training works without it" in lines[-1]


def test_torch_is_the_pinned_one(monkeypatch):
    monkeypatch.delenv("DREAMBOOTH_TORCH_COMMAND", raising=False)
    monkeypatch.delenv("DREAMBOOTH_TORCH_INDEX_URL", raising=False)
    assert packages.torch_command(HERE)[1:] == ["-m", "pip", "install", stamps.TORCH]


def test_torch_index_url_is_honoured(monkeypatch):
    monkeypatch.delenv("DREAMBOOTH_TORCH_COMMAND", raising=False)
    monkeypatch.setenv("DREAMBOOTH_TORCH_INDEX_URL", "file:///wheels")
    assert packages.torch_command(HERE)[-3:] == [stamps.TORCH, "-i", "file:///wheels"]


def test_torch_command_is_run_by_our_python(monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", 'pip install "torch==2.9" --pre')
    python = str(HERE.python)
    assert packages.torch_command(HERE) == [python, "-m", "pip", "install", "torch==2.9", "--pre"]


def test_torch_command_of_another_program_is_refused(monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_TORCH_COMMAND", "conda install torch")
    with pytest.raises(environment.EnvironmentProblem, match="pip install"):
        packages.torch_command(HERE)


def test_children_do_not_see_the_packages_of_the_host(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/host", "/other"]))
    monkeypatch.setenv("PYTHONHOME", "/host")
    variables = environment.child_variables()
    assert variables["PYTHONPATH"] == str(ROOT)
    assert "PYTHONHOME" not in variables


@pytest.mark.parametrize("name", [stamps.LOCK, stamps.DEV_LOCK])
def test_every_package_is_locked_and_none_comes_with_torch(name):
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    assert all(re.match(r"[a-z0-9-]+==[^ ]+( ; .+)?$", line) for line in lines)
    assert not [line for line in lines if re.match(r"(torch|triton|nvidia-.*|cuda-.*)==", line)]


def test_lock_and_code_name_the_same_torch():
    assert stamps.TORCH in (ROOT / "requirements.in").read_text().splitlines()
