"""Whose turn it is: runs that need the device go first come, first served.

Each of them leaves a ticket in ``.queue`` of the models folder, numbered as they come, with the run's path in
it. A ticket counts as long as its run's worker lives, which the run's own lock tells; so a dead one holds
nobody up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dreambooth.config.folders import RunFolder, written_whole
from dreambooth.locks import POLL_SECONDS, file_lock, is_locked

QUEUE = ".queue"
COUNTER_LOCK = ".lock"


@contextmanager
def turn(
    models_dir: Path, run: RunFolder, waiting: Callable[[int], None], still_waiting: Callable[[], None]
) -> Iterator[None]:
    """Be alone on the device, after all that came before; the run must hold its own lock.

    ``waiting`` hears how many jobs are before this one, now and whenever it becomes another number;
    ``still_waiting`` is called all the while.
    """
    ticket = _take_ticket(models_dir, run)
    told = 0
    try:
        while before := len(runs_before(models_dir, ticket)):
            if before != told:
                waiting(before)
                told = before
            still_waiting()
            time.sleep(POLL_SECONDS)
        with file_lock(models_dir / ".device.lock", lambda: waiting(1), still_waiting):
            yield
    finally:
        ticket.unlink(missing_ok=True)


def runs_before(models_dir: Path, ticket: Path) -> list[Path]:
    """The living runs with an earlier ticket, in their order; tickets of dead ones are removed."""
    found: list[Path] = []
    for other in sorted((models_dir / QUEUE).glob("[0-9]*")):
        if other.name >= ticket.name:
            break
        told = _read_ticket(other)
        if told is not None and is_locked(RunFolder(models_dir / told).lock_file):
            found.append(models_dir / told)
        else:
            other.unlink(missing_ok=True)
    return found


def _take_ticket(models_dir: Path, run: RunFolder) -> Path:
    queue = models_dir / QUEUE
    with file_lock(queue / COUNTER_LOCK, waiting=lambda: None):
        told = Path(os.path.relpath(run.path, models_dir)).as_posix()
        others = list(queue.glob("[0-9]*"))
        for other in others:
            if (
                _read_ticket(other) == told
            ):  # of a worker of this run that was killed: nobody waits for itself
                other.unlink(missing_ok=True)
        last = max((int(other.name) for other in others), default=0)
        ticket = queue / f"{last + 1:09d}"
        with written_whole(ticket) as file:
            file.write(told)
    return ticket


def _read_ticket(ticket: Path) -> str | None:
    """The run of a ticket; None when that run is done by now."""
    try:
        return ticket.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
