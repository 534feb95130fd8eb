"""Begins a making that goes on without whoever asked for it, and tells how far one is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from dreambooth.environment import place
from dreambooth.environment.holding import HOLD_FILE, is_held, require_ours
from dreambooth.environment.problems import EnvironmentProblem
from dreambooth.environment.progress import LOG_FILE, STOPPED, read_log, read_progress
from dreambooth.environment.sizes import downloaded_bytes
from dreambooth.environment.versions import find_environments

LONGEST_START_SECONDS = 10.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Making:
    """How far the making of an environment is, or how the last one ended."""

    state: str  # never, making, done or failed
    told: str = ""  # what it is at, or why it failed
    began: float = 0.0
    warnings: tuple[str, ...] = ()
    downloaded_bytes: int = 0  # of what is being installed now

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on now."""
        return self.state == "making"


def find_making() -> Making:
    """The last making; one that was killed has failed."""
    folder = place.environment_folder()
    is_changing = is_held(folder)  # looked at first: what ends meanwhile has then told so
    told = read_progress(folder)
    if told is None:
        return Making("never")
    if told.state == "making" and not is_changing:
        return Making("failed", STOPPED, told.began, told.warnings)
    downloaded = sum(map(downloaded_bytes, find_environments())) if told.state == "making" else 0
    return Making(told.state, told.told, told.began, told.warnings, downloaded)


def log_of_making(num_lines: int) -> list[str]:
    """The last lines of what the last making told, and the commands that it ran."""
    return read_log(place.environment_folder(), num_lines)


def begin_making() -> None:
    """Make the environment in a process of its own, which outlives this one; joins one that is under way.

    Raises EnvironmentProblem when the folder cannot be written, or holds somebody else's files.
    """
    folder = place.environment_folder()
    require_ours(folder)
    if is_held(folder):
        return
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}  # type: ignore[attr-defined]
    before = read_progress(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HOLD_FILE).touch()  # says that the folder is ours
        (folder / LOG_FILE).write_bytes(b"")
        with (folder / LOG_FILE).open("ab") as log:
            maker = subprocess.Popen(
                [sys.executable, "-m", "dreambooth.environment"],
                env={**place.child_variables(), place.VARIABLE: str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **detached,
            )
    except OSError as error:
        raise EnvironmentProblem(
            f"The training environment in {folder} cannot be written: {error}. Make room or allow writing "
            f"there, or name another folder with --dreambooth-env or in the variable {place.VARIABLE}."
        ) from error
    threading.Thread(target=maker.wait, daemon=True, name="waits for a maker").start()  # leaves no zombie
    until = time.monotonic() + LONGEST_START_SECONDS
    while read_progress(folder) == before and maker.poll() is None and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    if maker.poll() and read_progress(folder) == before:
        said = [line for line in read_log(folder, 20) if line.strip()] or ["nothing"]
        raise EnvironmentProblem(f"The making of the training environment ended at once and said: {said[-1]}")
