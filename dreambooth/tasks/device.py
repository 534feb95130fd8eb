"""The device for a job: its turn before others of ours, and what the webuis lend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from dreambooth.lending.loan import Lenders, borrowed
from dreambooth.tasks.job import Job
from dreambooth.turns import turn

# It reads headers and writes nothing, so it harms no job beside it. All others compute, as `check` does to
# take the time of a step, or fill memory and disk with weights.
WITHOUT_TURN = ("inspect",)


@contextmanager
def its_turn(job: Job) -> Iterator[Job]:
    """The job, once all that came before are done, and able to borrow the device from the webuis.

    Of several processes the first one waits and borrows; the others wait for it.
    """
    if job.asked["job"] in WITHOUT_TURN or not job.is_first:
        yield job
        return
    has_waited = False

    def say_waiting(before: int) -> None:
        nonlocal has_waited
        has_waited = True
        message = "another job is running" if before == 1 else f"{before} other jobs come first"
        job.events.write("waiting", message=message, before=before)

    with turn(job.models_dir, job.run, say_waiting, job.stop_if_asked), ExitStack() as loans:
        if has_waited:
            job.events.write("begin")
        yield replace(job, take_device=_Borrower(job, loans))


class _Borrower:
    """Borrows the device when it is called first, until the job is over."""

    def __init__(self, job: Job, loans: ExitStack) -> None:
        self._job = job
        self._loans = loans
        self._has_device = False

    def __call__(self) -> None:
        if self._has_device:
            return
        job, has_waited = self._job, False

        def say_waiting(name: str) -> None:
            nonlocal has_waited
            has_waited = True
            message = f"{name} finishes its pictures first and frees its memory"
            job.events.write("waiting", message=message, before=0)

        lenders = Lenders(waiting=say_waiting, still_waiting=job.stop_if_asked, warn=job.warn)
        self._loans.enter_context(borrowed(job.models_dir, job.run, lenders))
        self._has_device = True
        if has_waited:
            job.events.write("begin")
