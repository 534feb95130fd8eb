"""How a run ended; one whose worker is gone without a word, too."""

from __future__ import annotations

import time

from dreambooth.config.folders import RunFolder
from dreambooth.events import Event, find_end
from dreambooth.jobs.runs import is_alive, job_of

LONGEST_START_SECONDS = 20.0  # until a worker has locked its run; torch comes after that

LOST: Event = {
    "event": "end",
    "outcome": "lost",
    "message": "the worker died without a word (killed, or out of memory); see worker.log in its run folder",
}


def find_outcome(run: RunFolder) -> Event | None:
    """Its ``end``, or the one that its worker could not write; None as long as it is under way."""
    was_alive = is_alive(run)  # asked before reading: what it says last is read after it is gone
    end = find_end(run)
    if end is not None or was_alive:
        return end
    is_starting = not run.events_file.exists() and was_just_given(run)
    return None if is_starting else silent_end(run)


def silent_end(run: RunFolder) -> Event:
    """The ``end`` of a run whose worker is gone and wrote none."""
    if job_of(run) != "train" and (run.requests / "stop").exists():
        return {"event": "end", "outcome": "stopped", "message": "stopped"}  # at once, as it was asked to
    return dict(LOST)


def was_just_given(run: RunFolder) -> bool:
    """Whether its worker may not have begun yet."""
    try:
        return time.time() - run.config_file.stat().st_mtime < LONGEST_START_SECONDS
    except OSError:
        return False
