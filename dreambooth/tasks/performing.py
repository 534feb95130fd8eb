"""Does a job: alone on the device, by the task of its name, and says how it ended."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from dreambooth.adapters.errors import AdapterError
from dreambooth.config.store import ConfigError
from dreambooth.data.errors import DataError
from dreambooth.models.errors import CheckpointError
from dreambooth.tasks.device import its_turn
from dreambooth.tasks.job import Job, Refused, StoppedEarly
from dreambooth.tasks.replacing import finish_replacing
from dreambooth.training.errors import (
    DeviceError,
    MissingPackage,
    OptimizerFault,
    PeerLost,
    StateError,
    TrainingFailed,
)

Task = Callable[[Job], dict[str, Any]]
# Each loads only what it needs, some no torch at all.
TASKS = {
    "create": "create.create_model",
    "import": "import_old.import_old_model",
    "duplicate": "duplicate.duplicate",
    "inspect": "inspect.inspect",
    "check": "check.check_plan",
    "classes": "classes.make_classes",
    "caption": "caption.caption",
    "train": "train.train",
    "sample": "sample.sample",
    "restore": "restore.restore",
    "export": "export.export",
    "convert": "tools.convert",
    "merge": "tools.merge",
    "lora_merge": "tools.lora_merge",
    "lora_bake": "tools.lora_bake",
    "lora_extract": "tools.lora_extract",
    "lora_resize": "tools.lora_resize",
    "lora_convert": "tools.lora_convert",
}
REFUSALS = (
    Refused,
    ConfigError,
    DataError,
    CheckpointError,
    AdapterError,
    DeviceError,
    MissingPackage,
    OptimizerFault,
    StateError,
)
OUT_OF_MEMORY = (
    "the device has too little memory for this. In this order: set data.batch_size=1, "
    "precision.gradient_checkpointing=true, optimizer.name=adamw_8bit, adapter=lora, a lower data.resolution"
)


def load_task(job: str) -> Task:
    """What does a job of this name; loads torch and what else it needs, which takes seconds."""
    module, function = TASKS[job].split(".")
    task: Task = getattr(import_module(f"dreambooth.tasks.{module}"), function)
    return task


def _is_out_of_memory(error: Exception) -> bool:
    """Whether it is torch's ``OutOfMemoryError``; told by its name, for jobs that never load torch."""
    return any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__)


def _describe_failure(error: Exception) -> str:
    """What went wrong, in words; the log has the rest."""
    if isinstance(error, TrainingFailed):
        return str(error)
    traceback.print_exc()
    if _is_out_of_memory(error):
        return OUT_OF_MEMORY
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename or 'no file'}"
    return f"{type(error).__name__}: {error}"


def _outcome_of_stop(job: Job) -> str:
    """What a job is that was ended before its first step, or where it was."""
    asked = {"discard": "discarded", "stop": "stopped", "pause": "paused"}
    return next((outcome for name, outcome in asked.items() if (job.run.requests / name).exists()), "stopped")


def perform(task: Task, job: Job) -> dict[str, Any]:
    """Wait for its turn and do the task; returns what the ``end`` event tells."""
    try:
        with its_turn(job) as ready:
            if job.stop_asked.is_set():  # while torch was being loaded
                raise StoppedEarly("stopped before it began")
            if "model_dir" in job.asked and job.is_first:
                finish_replacing(job.model_folder)
            result = task(ready)
            if "path" in result:
                job.tell_saved(Path(result["path"]))
    except REFUSALS as refusal:
        return {"outcome": "refused", "message": str(refusal)}
    except StoppedEarly as stop:
        return {"outcome": _outcome_of_stop(job), "message": str(stop)}
    except PeerLost as error:
        return {"outcome": "lost", "message": str(error)}
    except Exception as error:  # noqa: BLE001 - the process ends here, and must say why
        return {"outcome": "failed", "message": _describe_failure(error)}
    return {"outcome": result.pop("outcome", "done"), "result": result}
