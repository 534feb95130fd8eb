"""The process that runs one job: ``python -m dreambooth.worker RUN``.

It reads ``config.json`` of the run's folder, does what it says, and ends with one ``end`` event.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from dreambooth.adapters.errors import AdapterError
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.data.errors import DataError
from dreambooth.events import EventWriter, read_events
from dreambooth.locks import file_lock
from dreambooth.models.single_file import CheckpointError
from dreambooth.tasks.check import check_plan
from dreambooth.tasks.classes import make_classes
from dreambooth.tasks.create import create_model
from dreambooth.tasks.export import export
from dreambooth.tasks.import_old import import_old_model
from dreambooth.tasks.inspect import inspect
from dreambooth.tasks.job import Job, Refused, StoppedEarly
from dreambooth.tasks.replacing import finish_replacing
from dreambooth.tasks.restore import restore
from dreambooth.tasks.sample import sample
from dreambooth.tasks.tools import (
    convert,
    lora_bake,
    lora_convert,
    lora_extract,
    lora_merge,
    lora_resize,
    merge,
)
from dreambooth.tasks.train import forget_state, train
from dreambooth.training.device import DeviceError
from dreambooth.training.optimizers import MissingPackage
from dreambooth.training.run import TrainingFailed
from dreambooth.training.state import StateError
from dreambooth.turns import turn

TASKS: dict[str, Callable[[Job], dict[str, Any]]] = {
    "create": create_model,
    "import": import_old_model,
    "inspect": inspect,
    "check": check_plan,
    "classes": make_classes,
    "train": train,
    "sample": sample,
    "restore": restore,
    "export": export,
    "convert": convert,
    "merge": merge,
    "lora_merge": lora_merge,
    "lora_bake": lora_bake,
    "lora_extract": lora_extract,
    "lora_resize": lora_resize,
    "lora_convert": lora_convert,
}
# It reads headers and writes nothing, so it harms no job beside it. All others compute, as `check` does to
# take the time of a step, or fill memory and disk with weights.
WITHOUT_DEVICE = ("inspect",)
REFUSALS = (
    Refused,
    ConfigError,
    DataError,
    CheckpointError,
    AdapterError,
    DeviceError,
    MissingPackage,
    StateError,
)
OVER = ("done", "discarded")
OUT_OF_MEMORY = (
    "the device has too little memory for this. In this order: set data.batch_size=1, "
    "precision.gradient_checkpointing=true, optimizer.name=adamw_8bit, adapter=lora, a lower data.resolution"
)


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


def _describe_failure(error: Exception) -> str:
    """What went wrong, in words; the log has the rest."""
    if isinstance(error, TrainingFailed):
        return str(error)
    traceback.print_exc()
    if isinstance(error, torch.OutOfMemoryError):
        return OUT_OF_MEMORY
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename or 'no file'}"
    return f"{type(error).__name__}: {error}"


def _device(job: Job) -> AbstractContextManager[None]:
    """The device for this job alone, once all that came before are done; not for a job without need of it."""
    if job.asked["job"] in WITHOUT_DEVICE:
        return nullcontext()

    def say_waiting(before: int) -> None:
        message = "another job is running" if before == 1 else f"{before} other jobs come first"
        job.events.write("waiting", message=message, before=before)

    models_dir = (job.run.path / job.asked["models_dir"]).resolve()
    return turn(models_dir, job.run, say_waiting, job.stop_if_asked)


def _perform(job: Job) -> dict[str, Any]:
    """Wait for the device and run the task; returns what the ``end`` event tells."""
    try:
        with _device(job):
            if "model_dir" in job.asked:
                finish_replacing(job.model_folder)
            result = TASKS[job.asked["job"]](job)
    except REFUSALS as refusal:
        return {"outcome": "refused", "message": str(refusal)}
    except StoppedEarly as stop:
        is_unwanted = (job.run.requests / "discard").exists()
        return {"outcome": "discarded" if is_unwanted else "stopped", "message": str(stop)}
    except Exception as error:  # noqa: BLE001 - the process ends here, and must say why
        return {"outcome": "failed", "message": _describe_failure(error)}
    return {"outcome": result.pop("outcome", "done"), "result": result}


def _find_end(run: RunFolder) -> dict[str, Any] | None:
    """How the run ended, when there is nothing left of it to do."""
    ends = [event for event in read_events(run) if event["event"] == "end"]
    return ends[-1] if ends and ends[-1]["outcome"] in OVER else None


def work(run: RunFolder, stop_asked: threading.Event) -> dict[str, Any]:
    """Do the job of a run, alone on the device; returns what its ``end`` event tells."""
    asked = json.loads(run.config_file.read_text(encoding="utf-8"))
    with file_lock(run.lock_file, waiting=lambda: None):
        if (over := _find_end(run)) is not None:
            return over  # another worker was started for the same run, and was first
        events = EventWriter(run)
        events.write("work", job=asked["job"], pid=os.getpid())
        end = _perform(Job(run, asked, events, stop_asked))
        events.write("end", **end)
        if asked["job"] == "train" and end["outcome"] in OVER:
            forget_state(run.path)
        events.close()
    return end


def main(run_path: Path) -> int:
    """Run the job in ``run_path``; 0 when it ended as it should."""
    run, stop_asked = RunFolder(run_path), threading.Event()
    job = json.loads(run.config_file.read_text(encoding="utf-8"))["job"]
    _listen(stop_asked, stops_at_once=job != "train")
    end = work(run, stop_asked)
    return 0 if end["outcome"] in ("done", "stopped", "discarded") else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
