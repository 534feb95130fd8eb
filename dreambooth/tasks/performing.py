"""Does a job: alone on the device, by the task of its name, and says how it ended."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from dreambooth.adapters.errors import AdapterError
from dreambooth.config.store import ConfigError
from dreambooth.data.errors import DataError
from dreambooth.models.single_file import CheckpointError
from dreambooth.tasks.caption import caption
from dreambooth.tasks.check import check_plan
from dreambooth.tasks.classes import make_classes
from dreambooth.tasks.create import create_model
from dreambooth.tasks.device import its_turn
from dreambooth.tasks.duplicate import duplicate
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
from dreambooth.tasks.train import train
from dreambooth.training.device import DeviceError
from dreambooth.training.optimizers import MissingPackage
from dreambooth.training.run import TrainingFailed
from dreambooth.training.state import StateError

TASKS: dict[str, Callable[[Job], dict[str, Any]]] = {
    "create": create_model,
    "import": import_old_model,
    "duplicate": duplicate,
    "inspect": inspect,
    "check": check_plan,
    "classes": make_classes,
    "caption": caption,
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
OUT_OF_MEMORY = (
    "the device has too little memory for this. In this order: set data.batch_size=1, "
    "precision.gradient_checkpointing=true, optimizer.name=adamw_8bit, adapter=lora, a lower data.resolution"
)


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


def perform(job: Job) -> dict[str, Any]:
    """Wait for its turn and run the task; returns what the ``end`` event tells."""
    try:
        with its_turn(job) as ready:
            if job.stop_asked.is_set():  # while torch was being loaded
                raise StoppedEarly("stopped before it began")
            if "model_dir" in job.asked:
                finish_replacing(job.model_folder)
            result = TASKS[job.asked["job"]](ready)
            if "path" in result:
                job.tell_saved(Path(result["path"]))
    except REFUSALS as refusal:
        return {"outcome": "refused", "message": str(refusal)}
    except StoppedEarly as stop:
        is_unwanted = (job.run.requests / "discard").exists()
        return {"outcome": "discarded" if is_unwanted else "stopped", "message": str(stop)}
    except Exception as error:  # noqa: BLE001 - the process ends here, and must say why
        return {"outcome": "failed", "message": _describe_failure(error)}
    return {"outcome": result.pop("outcome", "done"), "result": result}
