"""The device on loan: a worker asks every living webui for it, and goes on when each has lent it or died.

There is one loan at a time, since one worker at a time has its turn (``turns.py``). It counts as long as its
lock is held, so a webui that starts in the middle of a training finds it too, and a worker that is killed
gives the device back by dying.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.folders import RunFolder
from dreambooth.lending.hosts import HOSTS, HostFolder, living_hosts, read_note, write_note
from dreambooth.locks import POLL_SECONDS, file_lock, is_locked

LOAN_FILE = "loan.json"
LOAN_LOCK = "loan.lock"


@dataclass(frozen=True)
class Loan:
    """A run that needs the device; the number is another each time."""

    number: str
    run: RunFolder


@dataclass(frozen=True, kw_only=True)
class Lenders:
    """What a worker hears while it borrows."""

    waiting: Callable[[str], None]  # once, with the name of a webui that it waits for
    still_waiting: Callable[[], None]  # all the while
    warn: Callable[[str], None]  # what a webui could not do


@contextmanager
def borrowed(models_dir: Path, run: RunFolder, lenders: Lenders) -> Iterator[None]:
    """Have the device for oneself: every living webui has lent it; the run must have its turn."""
    loan_file = models_dir / HOSTS / LOAN_FILE
    number = secrets.token_hex(8)
    with file_lock(models_dir / HOSTS / LOAN_LOCK, lambda: None, lenders.still_waiting):
        place = Path(os.path.relpath(run.path, models_dir)).as_posix()
        write_note(loan_file, {"number": number, "run": place})
        try:
            _await_all(models_dir, number, lenders)
            yield
        finally:
            loan_file.unlink(missing_ok=True)


def _await_all(models_dir: Path, number: str, lenders: Lenders) -> None:
    has_told = False
    while owing := [host for host in living_hosts(models_dir) if _find_answer(host, number) is None]:
        if not has_told:
            lenders.waiting(owing[0].load_name())
            has_told = True
        lenders.still_waiting()
        time.sleep(POLL_SECONDS)
    for host in living_hosts(models_dir):
        if problem := _find_answer(host, number):
            lenders.warn(problem)


def _find_answer(host: HostFolder, number: str) -> str | None:
    """What the webui could not do, usually nothing; None when it has not lent the device yet."""
    told = read_note(host.lent_file)
    return str(told["problem"]) if told and told["number"] == number else None


def find_loan(models_dir: Path) -> Loan | None:
    """The loan of now; None when no living worker needs the device."""
    if not is_locked(models_dir / HOSTS / LOAN_LOCK):
        return None
    told = read_note(models_dir / HOSTS / LOAN_FILE)
    return Loan(told["number"], RunFolder(models_dir / told["run"])) if told else None


def say_lent(host: HostFolder, loan: Loan, problem: str = "") -> None:
    """Let the worker go on; a problem is told to the user."""
    write_note(host.lent_file, {"number": loan.number, "problem": problem})


def take_back(host: HostFolder) -> None:
    """The loan is over."""
    host.lent_file.unlink(missing_ok=True)
