"""A disk that is full costs a file, not the training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dreambooth.models.errors import NoSpace
from dreambooth.models.streaming import DISK_FULL
from dreambooth.tasks.job import Job


@contextmanager
def spared_without_room(job: Job, what: str) -> Iterator[None]:
    """Leave ``what`` out, with a warning, when the disk has no room for it; other errors travel."""
    try:
        yield
    except NoSpace as error:
        reason = str(error)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        reason = f"{error.filename or 'the disk'}: {error.strerror}"
    else:
        return
    job.warn(f"{what} is left out: {reason}. Make room, then ask for it with Save now; training goes on")
