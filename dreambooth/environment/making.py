"""Makes, repairs and updates the environment, one process at a time."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dreambooth.environment import place
from dreambooth.environment.packages import (
    EnvironmentProblem,
    ForeignFolder,
    Installer,
    UnsupportedPython,
    explain_unused_card,
    has_cuda,
    torch_command,
)
from dreambooth.environment.stamps import (
    BASE,
    DEV,
    DEV_LOCK,
    LOCK,
    has_same_python,
    is_ready,
    read_stamp,
    remove_stamp,
    write_stamp,
)

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Whoever locks this file may change the folder; that it exists says that the folder is ours to clear.
HOLD_FILE = "dreambooth.lock"


def make_environment(report: Callable[[str], None], *, dev: bool = False) -> None:
    """Make, repair or update the environment; at once when it is ready.

    ``report`` gets lines of progress. Raises EnvironmentProblem; what is half made is repaired next time.
    """
    if is_ready(dev=dev):
        return
    if not place.is_supported_python():
        raise UnsupportedPython(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} cannot make the training environment: "
            f"run this with Python {place.SUPPORTED_PYTHONS}."
        )
    folder = place.environment_folder()
    _require_ours(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _hold(folder / HOLD_FILE, report) as hold:
            _make_layers(Installer(report, hold), dev=dev)
    except OSError as error:
        raise EnvironmentProblem(
            f"The training environment in {folder} cannot be written: {error}. Make room or allow writing "
            "there, or name another folder in the variable DREAMBOOTH_ENV; then run the same command again."
        ) from error


def _make_layers(installer: Installer, *, dev: bool) -> None:
    # Another process may have done it while we waited.
    if not is_ready():
        _make_base(installer)
    if dev and not is_ready(dev=True):
        installer.report("Installing what the tests need")
        remove_stamp(DEV)
        installer.install("-r", str(place.ROOT / DEV_LOCK))
        write_stamp(DEV)


def _make_base(installer: Installer) -> None:
    folder = place.environment_folder()
    stamp = read_stamp(BASE)
    remove_stamp(BASE)
    if stamp is None or not has_same_python(stamp):
        installer.report(f"Making the training environment in {folder}: once, and it takes some minutes")
        _clear(folder)
        installer.make_venv()
    installer.report("Installing torch")
    installer.run(torch_command())
    installer.report("Installing the locked packages")
    installer.install("-r", str(place.ROOT / LOCK))
    if has_cuda():
        installer.try_xformers()
    elif advice := explain_unused_card():
        installer.report(f"Warning: {advice}")
    write_stamp(BASE)
    installer.report("The training environment is ready")


def _require_ours(folder: Path) -> None:
    if folder.exists() and not (folder / HOLD_FILE).exists() and any(folder.iterdir()):
        raise ForeignFolder(
            f"{folder} holds something that this program did not make, so it is left alone: "
            "move it away, or name another folder in the variable DREAMBOOTH_ENV."
        )


def _clear(folder: Path) -> None:
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child.name != HOLD_FILE:
            child.unlink()


@contextmanager
def _hold(path: Path, report: Callable[[str], None]) -> Iterator[int]:
    """Keep other processes out; the system lets go when the holder and its commands have ended."""
    with path.open("a") as file:
        is_told = False
        while not _try_hold(file.fileno()):
            if not is_told:
                report("Another process is making the training environment; waiting for it")
                is_told = True
            time.sleep(0.5)
        yield file.fileno()


def _try_hold(file: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
