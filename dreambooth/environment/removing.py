"""Removes environments: those of earlier locks that nothing runs in, and all of them when somebody asks."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dreambooth.environment import place
from dreambooth.environment.holding import HOLD_FILE, hold_if_free, require_ours
from dreambooth.environment.in_use import ENDING, unused
from dreambooth.environment.problems import EnvironmentInUse, EnvironmentProblem
from dreambooth.environment.stamps import BASE, read_stamp
from dreambooth.environment.versions import Environment, find_environments

REMOVED = "removed-"  # begins the name of what is being deleted


def remove_unused(report: Callable[[str], None]) -> None:
    """Remove what earlier locks left behind, unless something runs in it or another copy of us made it."""
    folder = place.environment_folder()
    if not (folder / HOLD_FILE).exists():
        return
    try:
        with hold_if_free(folder) as is_free:
            if not is_free:
                return
            for old in find_environments():
                if old.folder.parent == folder and old.is_versioned and _is_left_behind(old):
                    with unused(str(old.folder)) as is_unused:
                        if is_unused:
                            report(
                                f"Removing the training environment of an earlier version, {old.folder.name}"
                            )
                            remove_folder(old.folder)
            delete_removed()
    except OSError as error:
        report(f"Warning: a training environment of an earlier version stays in {folder}: {error}")


def _is_left_behind(environment: Environment) -> bool:
    if environment.find_fault() is None:
        return False
    root = (read_stamp(environment.folder, BASE) or {}).get("root")
    return root is None or Path(root) == place.ROOT or not Path(root).is_dir()


def remove_all() -> None:
    """Take away every environment; raises EnvironmentInUse while something runs in one, or one is being made.

    What is taken away is still to be deleted, which may take a minute.
    """
    folder = place.environment_folder()
    require_ours(folder)
    if not (folder / HOLD_FILE).exists():
        return
    try:
        with hold_if_free(folder) as is_free:
            if not is_free:
                raise EnvironmentInUse("the training environment is being made; wait until it is ready")
            for each in find_environments():
                if folder in (each.folder, each.folder.parent) and is_in_use(each):
                    raise EnvironmentInUse(
                        f"something runs in {each.folder}: a job, TensorBoard, or a server or command that "
                        "was started with python -m dreambooth; end it first"
                    )
            for child in list(folder.iterdir()):
                if child.is_dir() and not child.is_symlink():
                    _take_away(child)
                elif child.name != HOLD_FILE:
                    child.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentProblem(f"{folder} cannot be removed wholly: {error}") from error


def is_in_use(environment: Environment) -> bool:
    """Whether a process runs in it; of one of an earlier release only this process is known."""
    if not environment.is_versioned:
        return environment.folder.samefile(sys.prefix)
    if not Path(f"{environment.folder}{ENDING}").exists():
        return False
    with unused(str(environment.folder)) as is_unused:
        return not is_unused


def remove_folder(path: Path) -> None:
    """Delete a folder of ours: from one moment to the next it is no environment any more."""
    if path.exists():
        shutil.rmtree(_take_away(path), ignore_errors=True)  # tried again at the next start
    with suppress(OSError):  # Windows, where whoever looked still has it open
        path.with_name(path.name + ENDING).unlink(missing_ok=True)


def _take_away(path: Path) -> Path:
    if path.name.startswith(REMOVED):
        return path
    return path.replace(path.with_name(f"{REMOVED}{path.name}-{time.time_ns()}"))


def delete_removed() -> None:
    """Delete what was taken away."""
    for rest in place.environment_folder().glob(f"{REMOVED}*"):
        shutil.rmtree(rest, ignore_errors=True)
