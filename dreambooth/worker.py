"""The process that runs one job: ``python -m dreambooth.worker RUN``.

It reads ``config.json`` of the run's folder, does what it says, and ends with one ``end`` event. It locks the
run and tells that it has begun before it loads torch, which takes seconds: nobody starts another meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dreambooth.callback import start_telling
from dreambooth.config.folders import RunFolder
from dreambooth.events import EventWriter, find_end
from dreambooth.locks import file_lock
from dreambooth.tasks.job import Job, StoppedEarly

OVER = ("done", "discarded")


def _listen(stop_asked: threading.Event, *, stops_at_once: bool) -> None:
    """What a polite termination does; Ctrl-C is left to whoever started us.

    A training stops after its current step, other jobs where they are: what they write appears whole or not.
    """

    def stop(*_: object) -> None:
        stop_asked.set()
        if stops_at_once:
            raise StoppedEarly("stopped")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def work(
    run: RunFolder, stop_asked: threading.Event, when_loaded: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Do the job of a run, alone on the device; returns what its ``end`` event tells."""
    asked = json.loads(run.config_file.read_text(encoding="utf-8"))
    with file_lock(run.lock_file, waiting=lambda: None):
        over = find_end(run)
        if over is not None and over["outcome"] in OVER:
            return over  # another worker was started for the same run, and was first
        os.utime(run.path.parent)  # where somebody who looks for living runs sees that one has begun
        events = EventWriter(run)
        events.write("work", job=asked["job"], pid=os.getpid())
        from dreambooth.tasks.performing import load_task, perform

        task = load_task(asked["job"])
        when_loaded()
        end = perform(task, Job(run, asked, events, stop_asked))
        events.write("end", **end)
        if asked["job"] == "train" and end["outcome"] in OVER:
            shutil.rmtree(run.state, ignore_errors=True)  # a run that is over needs no state any more
        events.close()
    if end["outcome"] != "paused":
        start_telling(run)  # when others may work on already
    return end


def main(run_path: Path) -> int:
    """Run the job in ``run_path``; 0 when it ended as it should."""
    run, stop_asked = RunFolder(run_path), threading.Event()
    job = json.loads(run.config_file.read_text(encoding="utf-8"))["job"]
    _listen(stop_asked, stops_at_once=False)  # an import is no place to stop at
    end = work(run, stop_asked, lambda: _listen(stop_asked, stops_at_once=job != "train"))
    return 0 if end["outcome"] in ("done", "stopped", "paused", "discarded") else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
