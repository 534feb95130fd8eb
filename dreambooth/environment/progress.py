"""What is told of the making of an environment: a log, and in one small file how far it is."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from dreambooth.environment.problems import EnvironmentProblem

LOG_FILE = "making.log"
PROGRESS_FILE = "making.json"
STOPPED = "It was stopped before it was finished"
_LOG_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True)
class Progress:
    """How far the making of an environment is, or how it ended."""

    state: str  # making, done or failed
    began: float = field(default_factory=time.time)
    pid: int = field(default_factory=os.getpid)  # of the process that makes it
    told: str = ""  # what it is at, or why it failed
    warnings: tuple[str, ...] = ()


def read_progress(folder: Path) -> Progress | None:
    """How far the last making in this folder is, or how it ended; None when there was none."""
    try:
        told = json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8"))
        return Progress(**{**told, "warnings": tuple(told["warnings"])})
    except (OSError, ValueError, TypeError, KeyError):  # none, or one of another release
        return None


def read_log(folder: Path, num_lines: int) -> list[str]:
    """The last lines of the log."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-num_lines:]
    except OSError:
        return []


class Teller:
    """Tells of a making: to whoever started it, in the log, and in the small file."""

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        self._folder, self._report = folder, report
        (folder / LOG_FILE).write_bytes(b"")
        # At the end always: of a making that the page began, what Python itself prints goes there, too.
        self._log = (folder / LOG_FILE).open("a", encoding="utf-8", buffering=1)
        self._write(Progress("making", told="Looking for a Python to make it with"))

    def tell(self, line: str) -> None:
        """A line of progress; one that begins with Warning is kept to the end."""
        self._report(line)
        self.log(line)
        is_warning = line.startswith("Warning")
        self._write(
            replace(
                self._progress,
                told=self._progress.told if is_warning else line,
                warnings=(*self._progress.warnings, line) if is_warning else self._progress.warnings,
            )
        )

    def log(self, line: str) -> None:
        """A line for the log alone."""
        self._log.write(f"{time.strftime('%H:%M:%S')} {line}\n")

    def end(self, state: str, told: str) -> None:
        """How it ended."""
        self.log(told)
        self._write(replace(self._progress, state=state, told=told))
        self._log.close()

    def _write(self, progress: Progress) -> None:
        self._progress = progress
        beside = self._folder / f"{PROGRESS_FILE}.partial"
        beside.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        with suppress(PermissionError):  # Windows, while somebody reads it: the next one will be told
            beside.replace(self._folder / PROGRESS_FILE)


@contextmanager
def telling(folder: Path, report: Callable[[str], None]) -> Iterator[Teller]:
    """Tells of what is done in here, and how it ended; nothing is told of one that is killed."""
    teller = Teller(folder, report)
    try:
        yield teller
    except (EnvironmentProblem, OSError) as problem:
        teller.end("failed", str(problem))
        raise
    except BaseException:
        teller.end("failed", STOPPED)
        raise
    teller.end("done", "The training environment is ready")
