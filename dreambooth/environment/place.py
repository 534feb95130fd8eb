"""Where the environment is, and how a process is started in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUPPORTED_PYTHONS = "3.10 to 3.13"


def environment_folder() -> Path:
    """``.venv`` beside the package, or what DREAMBOOTH_ENV names."""
    return Path(os.environ.get("DREAMBOOTH_ENV") or ROOT / ".venv").absolute()


def environment_python() -> Path:
    """The environment's interpreter, whether it exists or not."""
    place = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return environment_folder().joinpath(*place)


def has_package(name: str) -> bool:
    """Whether the environment holds a package, by its folder; nothing is imported."""
    folder = environment_folder()
    places = (folder / "Lib" / "site-packages", *folder.glob("lib/python*/site-packages"))
    return any((place / name).is_dir() for place in places)


def child_variables() -> dict[str, str]:
    """Variables for a process in the environment: it finds this package and nothing of the host's."""
    return {**variables_without_paths(), "PYTHONPATH": str(ROOT)}


def variables_without_paths() -> dict[str, str]:
    """Our own variables but for those that lead Python to other people's packages."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}


def is_inside() -> bool:
    """Whether this process runs in the environment."""
    folder = environment_folder()
    return folder.is_dir() and folder.samefile(sys.prefix)


def is_supported_python() -> bool:
    """Whether the lock is made for the Python that runs this."""
    return (3, 10) <= sys.version_info[:2] <= (3, 13)
