"""Where environments lie, and what a process in one of them is given.

A folder holds them all, each in a folder of its own that is named after its lock: beside the package, or
where the host's command line or DREAMBOOTH_ENV says.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "DREAMBOOTH_ENV"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
SUPPORTED_PYTHONS = "3.10 to 3.13"
USERS_FOLDER = "dreambooth-trainer"
_asked: dict[str, Path] = {}
# What leads Python to other people's packages, or pip to other people's folders.
_NOT_OURS = (
    *("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"),
    *("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON"),
)


def choose_folder(folder: str | Path | None) -> None:
    """From now on environments lie where this process's command line said; None: it said nothing."""
    _asked.clear()
    if folder:
        _asked["folder"] = ROOT / folder


def environment_folder() -> Path:
    """The folder of all environments: one is made here. A relative name counts from the package's folder."""
    return environment_folders()[0]


def environment_folders() -> list[Path]:
    """Where an environment may be found; the first is where one would be made.

    Without a choice that is ``.venv`` beside the package, or a folder of the user's own where that cannot be
    written; an environment that came with the package is found all the same.
    """
    if _asked:
        return [_asked["folder"]]
    if os.environ.get(VARIABLE):
        return [ROOT / os.environ[VARIABLE]]
    beside = ROOT / ".venv"
    if os.access(beside if beside.is_dir() else ROOT, os.W_OK):
        return [beside]
    return [users_folder(), beside]


def users_folder() -> Path:
    """Where this system keeps the data of a user's programs."""
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return data / USERS_FOLDER / "environments"


def is_supported_python() -> bool:
    """Whether the lock is made for the Python that runs this."""
    return OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON


def child_variables() -> dict[str, str]:
    """Variables for a process in the environment: it finds this package and nothing of the host's."""
    variables = {**variables_without_paths(), "PYTHONPATH": str(ROOT)}
    return {**variables, VARIABLE: str(environment_folder())} if _asked else variables


def variables_without_paths() -> dict[str, str]:
    """Our own variables but for those that lead to other people's packages and folders."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
