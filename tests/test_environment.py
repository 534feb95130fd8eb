"""The environment on a tiny lock: real venvs, real pip, no network."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth import environment
from dreambooth.environment import making, packages, place, stamps

NOTHING = "pip --version"
UNREACHABLE = "pip install -i http://127.0.0.1:9/simple dreambooth-no-such-package"
ROOT = Path(__file__).resolve().parent.parent


def use_tree(root: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(place, "ROOT", root)
    patch.delenv("DREAMBOOTH_ENV", raising=False)
    patch.delenv("TORCH_INDEX_URL", raising=False)
    patch.setenv("TORCH_COMMAND", NOTHING)
    patch.setenv("PIP_RETRIES", "1")


@pytest.fixture(scope="module")
def made_tree(tmp_path_factory):
    """A folder with an empty lock and the environment made from it, for copying."""
    root = tmp_path_factory.mktemp("made")
    for name in (stamps.LOCK, stamps.DEV_LOCK):
        (root / name).write_text("# nothing\n")
    with pytest.MonkeyPatch.context() as patch:
        use_tree(root, patch)
        environment.make_environment(print)
    return root


@pytest.fixture
def tree(made_tree, tmp_path, monkeypatch):
    """A ready environment of one's own."""
    root = tmp_path / "tree"
    shutil.copytree(made_tree, root, symlinks=True)
    use_tree(root, monkeypatch)
    return root


@pytest.fixture
def empty_tree(tree):
    shutil.rmtree(environment.environment_folder())
    return tree


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


def test_changed_lock_is_noticed_and_updated_in_place(tree):
    (tree / stamps.LOCK).write_text("# changed\n")
    kept = environment.environment_folder() / "kept.txt"
    kept.touch()
    assert "has changed" in environment.find_fault()
    environment.make_environment(print)
    assert environment.is_ready()
    assert kept.exists()


def test_failed_installation_leaves_it_half_made(tree, monkeypatch):
    (tree / stamps.LOCK).write_text("# changed\n")
    monkeypatch.setenv("TORCH_COMMAND", "pip install ./no-such-folder")
    with pytest.raises(packages.InstallFailed, match="no-such-folder"):
        environment.make_environment(print)
    assert environment.find_fault() == "it is half made"


@pytest.mark.parametrize("content", ["", '{"lock": ', "[]", "\0\0"])
@pytest.mark.usefixtures("tree")
def test_broken_stamp_means_half_made(content):
    (environment.environment_folder() / stamps.BASE.stamp_file).write_text(content)
    assert environment.find_fault() == "it is half made"


@pytest.mark.usefixtures("tree")
def test_vanished_python_is_noticed():
    environment.environment_python().unlink()
    assert environment.find_fault() == "the Python that it was made with is gone"


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_killed_installation_is_noticed_and_repaired(tree, monkeypatch):
    (tree / stamps.LOCK).write_text("# changed\n")
    rubbish = environment.environment_folder() / "half" / "a_package.py"
    rubbish.parent.mkdir()
    rubbish.touch()
    with socket.create_server(("127.0.0.1", 0)) as silent_index:
        url = f"http://127.0.0.1:{silent_index.getsockname()[1]}/simple"
        monkeypatch.setenv("TORCH_COMMAND", f"pip install --retries 0 -i {url} dreambooth-no-such-package")
        code = (
            "import sys; from pathlib import Path; from dreambooth import environment; "
            "environment.place.ROOT = Path(sys.argv[1]); environment.make_environment(print)"
        )
        maker = subprocess.Popen([sys.executable, "-c", code, str(tree)], cwd=ROOT, stdout=subprocess.DEVNULL)
        silent_index.settimeout(60)
        question, _ = silent_index.accept()
        maker.send_signal(signal.SIGKILL)
        maker.wait()
        assert environment.find_fault() == "it is half made"
        question.close()
    monkeypatch.setenv("TORCH_COMMAND", NOTHING)
    environment.make_environment(print)
    assert environment.is_ready()
    assert not rubbish.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not hand the lock down")
@pytest.mark.usefixtures("tree")
def test_command_that_outlives_its_maker_keeps_others_waiting():
    hold_file = environment.environment_folder() / making.HOLD_FILE
    with hold_file.open("a") as file:
        assert making._try_hold(file.fileno())
        orphan = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[file.fileno()]
        )
    with hold_file.open("a") as file:
        assert not making._try_hold(file.fileno())
        orphan.communicate(b"\n")
        assert making._try_hold(file.fileno())


def test_packages_for_tests_are_a_layer_of_their_own(tree):
    assert not environment.is_ready(dev=True)
    environment.make_environment(print, dev=True)
    assert environment.is_ready(dev=True)
    (tree / stamps.DEV_LOCK).write_text("# changed\n")
    assert environment.is_ready()
    assert not environment.is_ready(dev=True)


def test_unreachable_index_is_told_in_one_paragraph(tree, monkeypatch):
    (tree / stamps.LOCK).write_text("# changed\n")
    monkeypatch.setenv("TORCH_COMMAND", UNREACHABLE)
    with pytest.raises(packages.NoNetwork, match="Connect this machine to the network") as caught:
        environment.make_environment(print)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("empty_tree")
def test_wrong_python_is_told_in_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    with pytest.raises(
        packages.UnsupportedPython, match=r"^Python 3\.9 cannot .* with Python 3\.10 to 3\.13\.$"
    ):
        environment.make_environment(print)


@pytest.mark.usefixtures("empty_tree")
def test_foreign_folder_is_left_alone(tmp_path, monkeypatch):
    foreign = tmp_path / "photographs"
    foreign.mkdir()
    (foreign / "cat.jpg").touch()
    monkeypatch.setenv("DREAMBOOTH_ENV", str(foreign))
    with pytest.raises(packages.ForeignFolder, match="left alone"):
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
    packages.Installer(lines.append, sys.stdin.fileno() if sys.platform == "win32" else 1).try_xformers()
    assert "training works without it" in lines[-1]


def test_torch_is_the_pinned_one(monkeypatch):
    monkeypatch.delenv("TORCH_COMMAND", raising=False)
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    assert packages.torch_command()[1:] == ["-m", "pip", "install", stamps.TORCH]


def test_torch_index_url_is_honoured(monkeypatch):
    monkeypatch.delenv("TORCH_COMMAND", raising=False)
    monkeypatch.setenv("TORCH_INDEX_URL", "file:///wheels")
    assert packages.torch_command()[-3:] == [stamps.TORCH, "-i", "file:///wheels"]


def test_torch_command_is_run_by_our_python(monkeypatch):
    monkeypatch.setenv("TORCH_COMMAND", 'pip install "torch==2.9" --pre')
    python = str(environment.environment_python())
    assert packages.torch_command() == [python, "-m", "pip", "install", "torch==2.9", "--pre"]


def test_torch_command_of_another_program_is_refused(monkeypatch):
    monkeypatch.setenv("TORCH_COMMAND", "conda install torch")
    with pytest.raises(environment.EnvironmentProblem, match="pip install"):
        packages.torch_command()


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
