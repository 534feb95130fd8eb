"""What the host is doing now, and what it was asked to do."""

import threading
import time
from typing import Any

from flavour import FLAVOUR

from modules import devices


class State:
    """One for the whole host."""

    skipped = False
    interrupted = False
    stopping_generation = False
    job = ""
    job_no = 0
    job_count = 0
    sampling_step = 0
    sampling_steps = 0
    current_image = None
    id_live_preview = 0
    textinfo: str | None = None
    time_start = 0.0

    def __init__(self) -> None:
        self._command: str | None = None
        self._asked = threading.Event()

    def begin(self, job: str = "(unknown)", *more: Any) -> int | None:
        """A new job: everything that was asked of the last one is forgotten."""
        assert not more or FLAVOUR == "SD.Next", "only SD.Next takes more"
        self.job, self.job_count, self.job_no = job, -1, 0
        self.sampling_step, self.textinfo, self.current_image = 0, None, None
        self.skipped = self.interrupted = self.stopping_generation = False
        self.time_start = time.time()
        devices.torch_gc()
        return 1 if FLAVOUR == "SD.Next" else None

    def end(self, *more: Any) -> None:
        """The job is over; ``interrupted`` stays as it is."""
        assert not more or FLAVOUR == "SD.Next", "only SD.Next takes more"
        self.job, self.job_count = "", 0
        devices.torch_gc()

    def interrupt(self) -> None:
        self.interrupted = True

    def skip(self) -> None:
        self.skipped = True

    def nextjob(self) -> None:
        self.job_no += 1
        self.sampling_step = 0

    def assign_current_image(self, image: Any) -> None:
        self.current_image = image
        self.id_live_preview += 1

    def dict(self) -> dict[str, Any]:
        names = ("skipped", "interrupted", "job", "job_count", "job_no", "sampling_step", "sampling_steps")
        return {name: getattr(self, name) for name in names}

    @property
    def server_command(self) -> str | None:
        return self._command

    @server_command.setter
    def server_command(self, value: str | None) -> None:
        self._command = value
        self._asked.set()

    def request_restart(self) -> None:
        """Reload UI."""
        self.interrupt()
        self.server_command = "restart"

    def wait_for_server_command(self, timeout: float | None = None) -> str | None:
        if not self._asked.wait(timeout):
            return None
        self._asked.clear()
        command, self._command = self._command, None
        return command
