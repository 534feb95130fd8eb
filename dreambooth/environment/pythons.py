"""Which Python an environment is made with: the one that runs this if it can, else the best one found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dreambooth.environment.place import (
    NEWEST_PYTHON,
    OLDEST_PYTHON,
    SUPPORTED_PYTHONS,
    is_supported_python,
    variables_without_paths,
)
from dreambooth.environment.problems import UnsupportedPython

_ANSWER_SECONDS = 20
_QUESTION = (
    "import sys, venv, ensurepip; assert sys.maxsize > 2**32; "
    "print('%d.%d' % sys.version_info[:2], sys.executable)"
)


@dataclass(frozen=True)
class Python:
    """An interpreter that can make environments."""

    path: str
    version: str  # as in "3.11"


def choose_python() -> Python:
    """The Python to make an environment with; raises UnsupportedPython when there is none."""
    if is_supported_python() and find_spec("ensurepip") and find_spec("venv"):
        # In the environment of a host that is the Python behind it.
        own = getattr(sys, "_base_executable", None) or sys.executable
        return Python(own, f"{sys.version_info[0]}.{sys.version_info[1]}")
    for command in _candidates():
        if (found := _examine(command)) is not None:
            return found
    raise UnsupportedPython(_advise())


def _advise() -> str:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if is_supported_python():
        return (
            f"The training environment cannot be made: this Python {own} lacks the module venv or ensurepip, "
            f"and no other Python {SUPPORTED_PYTHONS} was found. On Debian and Ubuntu install the package "
            f"python3-venv, elsewhere a Python {SUPPORTED_PYTHONS} from python.org; then try again."
        )
    return (
        f"The training environment cannot be made: it needs Python {SUPPORTED_PYTHONS}, this one is {own}, "
        "and no other was found. Install one from python.org, beside the one that you have, and try again."
    )


def _versions() -> list[str]:
    """The newest first."""
    return [f"3.{minor}" for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1)]


def _candidates() -> Iterator[list[str]]:
    """Commands that may start a Python that the lock knows, the best first."""
    for version in _versions():
        if sys.platform == "win32" and (launcher := shutil.which("py")):
            yield [launcher, f"-{version}"]
        if on_path := shutil.which(f"python{version}"):
            yield [on_path]
        yield from ([str(path)] for path in _pyenv_pythons(version))


def _pyenv_pythons(version: str) -> list[Path]:
    root = os.environ.get("PYENV_ROOT") or os.environ.get("PYENV")
    if sys.platform == "win32":
        home = Path(root) if root else Path.home() / ".pyenv" / "pyenv-win"
        found = home.glob(f"versions/{version}.*/python.exe")
    else:
        found = (Path(root) if root else Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python")
    return sorted(found, reverse=True)


def _examine(command: list[str]) -> Python | None:
    """What it is, if it runs and can make environments; a shim of pyenv may stand for nothing."""
    try:
        answer = subprocess.run(
            [*command, "-c", _QUESTION],
            env=variables_without_paths(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, _, path = answer.stdout.strip().partition(" ")
    return Python(path, version) if answer.returncode == 0 and version in _versions() else None
