"""Which environments there are, and which of them is right.

Each is made from one lock and never changed into another: an update makes a new one beside it, so that a run
goes on in the one that it began in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dreambooth.environment import place
from dreambooth.environment.stamps import BASE, DEV, LOCK, lock_digest, read_stamp

NOT_MADE = "it has not been made yet"
CHANGED = f"{LOCK} has changed since it was made"
HALF_MADE = "it is half made"
PYTHON_GONE = "the Python that it was made with is gone"
WITHOUT_TESTS = "the packages for tests are not installed"
# What is told when there are several faulty ones: that which is nearest to right.
_NEAREST = (WITHOUT_TESTS, PYTHON_GONE, HALF_MADE, CHANGED)
_NAME = re.compile(r"[0-9a-f]{10}-py3\.\d+")


@dataclass(frozen=True)
class Environment:
    """A folder with a Python and packages of our own."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter, whether it exists or not."""
        parts = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
        return self.folder.joinpath(*parts)

    @property
    def is_versioned(self) -> bool:
        """Whether its name tells its lock; earlier releases made the only one in the folder of all."""
        return _NAME.fullmatch(self.folder.name) is not None

    @property
    def real_python(self) -> str | None:
        """The file behind the interpreter; None when there is none."""
        return str(self.python.resolve()) if self.python.exists() else None

    def site_packages(self) -> list[Path]:
        """Where its packages lie."""
        return [
            path
            for path in (
                self.folder / "Lib" / "site-packages",
                *self.folder.glob("lib/python*/site-packages"),
            )
            if path.is_dir()
        ]

    def find_fault(self, *, dev: bool = False) -> str | None:
        """What is wrong with it in a few words; None when it is ready, with ``dev`` for tests too."""
        stamp = read_stamp(self.folder, BASE)
        lock = lock_digest(BASE)
        if stamp is None:
            return CHANGED if self.is_versioned and not lock.startswith(self.folder.name[:10]) else HALF_MADE
        if stamp.get("lock") != lock:
            return CHANGED
        if self.real_python is None or self.real_python != stamp.get("python"):
            return PYTHON_GONE
        if dev and (read_stamp(self.folder, DEV) or {}).get("lock") != lock_digest(DEV):
            return WITHOUT_TESTS
        return None


def name_of_environment(python_version: str) -> str:
    """The folder's name of what is made from the lock of now with Python ``3.11``."""
    return f"{lock_digest(BASE)[:10]}-py{python_version}"


def find_environments() -> list[Environment]:
    """All of them, finished or not."""
    return [each for folder in place.environment_folders() for each in _environments_in(folder)]


def _environments_in(folder: Path) -> Iterator[Environment]:
    if not folder.is_dir():
        return
    yield from (
        Environment(path) for path in sorted(folder.iterdir()) if _NAME.fullmatch(path.name) and path.is_dir()
    )
    if (folder / "pyvenv.cfg").exists() or (folder / BASE.stamp_file).exists():
        yield Environment(folder)


def find_ready(*, dev: bool = False) -> Environment | None:
    """The environment that is as the lock says; None when there is none."""
    return next((each for each in find_environments() if each.find_fault(dev=dev) is None), None)


def find_fault(*, dev: bool = False) -> str | None:
    """What is wrong in a few words; None when an environment is ready. Cheap."""
    faults = [each.find_fault(dev=dev) for each in find_environments()]
    if None in faults:
        return None
    return next((fault for fault in _NEAREST if fault in faults), NOT_MADE)


def is_ready(*, dev: bool = False) -> bool:
    """Whether an environment is as the lock says; with ``dev``, the packages for tests too. Cheap."""
    return find_ready(dev=dev) is not None


def environment_python() -> Path:
    """The interpreter of the environment that is ready, or of the one that would be made with this Python."""
    name = name_of_environment(f"{sys.version_info[0]}.{sys.version_info[1]}")
    return (find_ready() or Environment(place.environment_folder() / name)).python


def is_inside() -> bool:
    """Whether this process runs in the environment that is ready."""
    ready = find_ready()
    return ready is not None and ready.folder.samefile(sys.prefix)


def has_package(name: str) -> bool:
    """Whether the environment holds a package, by its folder; nothing is imported."""
    ready = find_ready()
    return ready is not None and any((place / name).is_dir() for place in ready.site_packages())
