"""The process that runs one job: ``python -m dreambooth.worker RUN``.

It reads ``config.json`` of the run's folder, does what it says, and ends with one ``end`` event. It locks the
run and tells that it has begun before it loads torch, which takes seconds: nobody starts another meanwhile.
A training of several processes it hands, as the same worker, to ``accelerate launch``.
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
from dreambooth.launching import ONE_OF_SEVERAL
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
        end = _perform(Job(run, asked, events, stop_asked), when_loaded)
        events.write("end", **end)
        if asked["job"] == "train" and end["outcome"] in OVER:
            shutil.rmtree(run.state, ignore_errors=True)  # a run that is over needs no state any more
        events.close()
    if end["outcome"] != "paused":
        start_telling(run)  # when others may work on already
    return end


def _perform(job: Job, when_loaded: Callable[[], None]) -> dict[str, Any]:
    """Do it here, or let several processes do it."""
    if job.asked["job"] == "train" and job.asked["config"].get("machines", {}).get("num_processes", 1) > 1:
        from dreambooth.tasks.together import train_together

        return train_together(job)
    from dreambooth.tasks.performing import load_task, perform

    task = load_task(job.asked["job"])
    when_loaded()
    return perform(task, job)


def main(run_path: Path, *options: str) -> int:
    """Run the job in ``run_path``, or be one of the processes that do; 0 when it ended as it should."""
    run, stop_asked = RunFolder(run_path), threading.Event()
    asked = json.loads(run.config_file.read_text(encoding="utf-8"))
    if ONE_OF_SEVERAL in options:
        from dreambooth.tasks.together import be_one_of_several

        return be_one_of_several(run, asked)
    job = asked["job"]
    _listen(stop_asked, stops_at_once=False)  # an import is no place to stop at
    end = work(run, stop_asked, lambda: _listen(stop_asked, stops_at_once=job != "train"))
    return 0 if end["outcome"] in ("done", "stopped", "paused", "discarded") else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
