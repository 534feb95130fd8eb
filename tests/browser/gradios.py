"""The Gradios that the page is tested in: our own, and those of two webuis, each alone with its pins."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from dreambooth.locks import file_lock
from tests.browser.cache import cache_folder, run_or_say

PINS = Path(__file__).parent / "pins"
OWN = version("gradio")
GRADIOS = ("3.41.2", "4.40.0", OWN)
HOSTS_PYTHON = (3, 10)  # of the webuis that the pins come from


def python_with(gradio: str) -> Path:
    """The interpreter that has this Gradio; its environment is made at the first call on a machine."""
    if gradio == OWN:
        return Path(sys.executable)
    folder, pins = cache_folder() / f"gradio-{gradio}", PINS / f"gradio-{gradio}.txt"
    with file_lock(cache_folder() / f"gradio-{gradio}.lock", waiting=lambda: None):
        if not _is_made(folder, pins):
            _make(folder, pins)
    return _python_in(folder)


def _python_in(folder: Path) -> Path:
    return folder.joinpath(*(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def _stamp(folder: Path) -> Path:
    """A copy of the pins, written last: what was half made is made again."""
    return folder / "pins.txt"


def _is_made(folder: Path, pins: Path) -> bool:
    stamp = _stamp(folder)
    return _python_in(folder).exists() and stamp.exists() and stamp.read_bytes() == pins.read_bytes()


def _make(folder: Path, pins: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    trouble = f"the environment with {pins.stem} cannot be made"
    run_or_say([find_hosts_python(), "-m", "venv", str(folder)], trouble)
    install = [str(_python_in(folder)), "-m", "pip", "install", "--no-deps", "--only-binary", ":all:"]
    run_or_say([*install, "-r", str(pins)], f"{trouble} (network? Python 3.10 or 3.11?)")
    shutil.copyfile(pins, _stamp(folder))


def find_hosts_python() -> str:
    """A Python 3.10, as the webuis have it, else the one that runs this, for which pip may find the pins."""
    name = "python{}.{}".format(*HOSTS_PYTHON)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [shutil.which(name), *sorted(map(str, pyenv.glob(f"{name[6:]}*/bin/python")))]
    return next((path for path in found if path and _is_python(path)), sys.executable)


def _is_python(path: str) -> bool:
    """Whether it runs, and is what its name says: pyenv puts a file of that name where none is chosen."""
    question = f"import sys; sys.exit(sys.version_info[:2] != {HOSTS_PYTHON})"
    try:
        return subprocess.run([path, "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
