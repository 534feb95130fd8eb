"""The table of tasks, which is written in names; and how their errors end."""

import subprocess
import sys
import threading

import pytest
import torch

from dreambooth.config.folders import RunFolder
from dreambooth.events import EventWriter
from dreambooth.tasks.job import Job
from dreambooth.tasks.performing import OUT_OF_MEMORY, TASKS, load_task, perform


@pytest.mark.parametrize("job", TASKS)
def test_every_task_is_where_the_table_says(job) -> None:
    assert callable(load_task(job))


def test_waiting_for_the_turn_loads_no_torch() -> None:
    code = "import sys, dreambooth.tasks.performing; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_full_device_ends_with_what_to_do(tmp_path) -> None:
    def fill_the_device(_: Job) -> dict[str, object]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    run = RunFolder(tmp_path / ".jobs" / "run")
    run.path.mkdir(parents=True)
    job = Job(run, {"job": "merge", "models_dir": "../.."}, EventWriter(run), threading.Event())
    assert perform(fill_the_device, job) == {"outcome": "failed", "message": OUT_OF_MEMORY}
