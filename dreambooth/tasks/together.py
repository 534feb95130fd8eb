"""A training that several processes share: started, watched over, and told how it ended as one.

The worker that was asked holds the run's lock and starts ``accelerate launch``, which starts the same worker
for each process. The first of them does what a single one would. So a run ends with one word, after all of
them, even when they are killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from typing import Any

import psutil

from dreambooth.config.folders import RunFolder
from dreambooth.config.rules import find_problems
from dreambooth.config.store import ConfigError
from dreambooth.events import EventWriter, ask
from dreambooth.launching import STARTER, launch, others_command, read_endings, write_ending
from dreambooth.tasks.job import Job
from dreambooth.tasks.performing import load_task, perform

POLL_SECONDS = 0.2
LOST = "lost"  # the outcome of a process that only knows that another is gone


def train_together(job: Job) -> dict[str, Any]:
    """Start the processes of this machine and wait for them; returns what the ``end`` event tells."""
    try:
        config = job.load_config()
    except ConfigError as error:
        return {"outcome": "refused", "message": str(error)}
    if problems := find_problems(config):
        return {"outcome": "refused", "message": "\n".join(map(str, problems))}
    shutil.rmtree(job.run.processes, ignore_errors=True)  # of those that did not come to an end
    launcher = launch(job.run, config, machine=0)
    for machine in range(1, config.machines.num_machines):
        command = others_command(job.models_dir, job.model_folder.name, machine)
        job.events.write("waiting", message=f"on machine {machine} run: {command}", before=0)
    has_asked = False
    while launcher.poll() is None:
        if job.stop_asked.is_set() and not has_asked:
            ask(job.run, "stop")  # which the first process hears after its step
            has_asked = True
        time.sleep(POLL_SECONDS)
    return _sum_up(read_endings(job.run, config.machines.num_processes), config.machines.num_processes)


def _sum_up(endings: dict[int, dict[str, Any]], count: int) -> dict[str, Any]:
    """How the training ended: as the first process says, unless another knows why it could not go on."""
    first = endings.get(0)
    if first is not None and first["outcome"] != LOST:
        return first
    for number, end in endings.items():
        if "result" not in end and end["outcome"] != LOST:
            return {**end, "message": f"process {number} of {count}: {end['message']}"}
    if not endings:
        return {
            "outcome": "failed",
            "message": f"the {count} processes did not begin, or did not find each other; worker.log in the "
            "run's folder tells why",
        }
    return {
        "outcome": "failed",
        "message": "a process of this training was killed, or died of too little memory; see worker.log in "
        "the run's folder. The last state is kept: go on with --resume",
    }


def be_one_of_several(run: RunFolder, asked: dict[str, Any]) -> int:
    """Do what process ``RANK`` has to do; 0 when it came to its end."""
    number = int(os.environ["RANK"])
    _end_when_left_alone()
    # The launcher ends all when one dies. What they write is whole or not there; requests to stop are files.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    events = EventWriter(run, run.processes / f"{number}.jsonl" if number else None)
    end = perform(load_task("train"), Job(run, asked, events, threading.Event(), number=number))
    events.close()
    write_ending(run, number, end)
    return 0 if "result" in end else 1


def _end_when_left_alone() -> None:
    """End this process when the launcher or the worker that started it is killed, as a kill would."""
    started_by = [psutil.Process(os.getppid()), psutil.Process(int(os.environ[STARTER]))]

    def watch() -> None:
        while all(process.is_running() for process in started_by):
            time.sleep(POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="watches who started us").start()
