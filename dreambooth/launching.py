"""How the processes of one training are started: the same worker, handed to ``accelerate launch``."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from dreambooth.config.accelerate_file import USED, read_accelerate_file
from dreambooth.config.folders import RunFolder, written_whole
from dreambooth.config.settings import TrainConfig
from dreambooth.environment import child_variables

ONE_OF_SEVERAL = "--one-of-several"  # tells the worker what it is
STARTER = "DREAMBOOTH_STARTER"  # variable with the process that started the launcher
FREE_PORT = 0


def write_launch_file(run: RunFolder, config: TrainConfig, machine: int) -> Path:
    """What ``accelerate launch`` is told, written whole so that no default of this machine counts."""
    machines = config.machines
    told: dict[str, Any] = {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "MULTI_GPU",  # its way of starting processes, on the processor too
        "num_processes": machines.num_processes,
        "num_machines": machines.num_machines,
        "machine_rank": machine,
        "main_process_ip": machines.main_address.strip() or None,
        "main_process_port": machines.main_port if machines.num_machines > 1 else FREE_PORT,
        "mixed_precision": "no",  # ours is the worker's own
    }
    if machines.accelerate_config:
        given = read_accelerate_file(Path(machines.accelerate_config))
        told |= {key: given[key] for key in USED if key in given}
    file_path = run.processes / f"accelerate-{machine}.json"
    with written_whole(file_path) as file:
        json.dump(told, file, indent=2)
    return file_path


def launch(run: RunFolder, config: TrainConfig, machine: int) -> subprocess.Popen[bytes]:
    """Start what starts this machine's processes and waits for them; they end when this process is gone.

    It prints into our own output, from a first line with the whole command.
    """
    command = _launch_command(run, config, machine)
    print(f"{config.machines.num_processes} processes: {shlex.join(command)}", flush=True)  # noqa: T201 - the log
    return subprocess.Popen(command, env={**child_variables(), STARTER: str(os.getpid())})


def _launch_command(run: RunFolder, config: TrainConfig, machine: int) -> list[str]:
    told = str(write_launch_file(run, config, machine))
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", told]
    launcher += ["--num_cpu_threads_per_process", _threads_for_each(config)]
    return [*launcher, "--module", "dreambooth.worker", str(run.path), ONE_OF_SEVERAL]


def _threads_for_each(config: TrainConfig) -> str:
    """A process's part of the processor; a number that somebody chose stays."""
    machines = config.machines
    here = machines.num_processes // machines.num_machines
    return os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) // here))


def others_command(models_dir: Path, name: str, machine: int) -> str:
    """What is to be run on another machine."""
    begin = ["python", "-m", "dreambooth", "--models-dir", str(models_dir)]
    return shlex.join([*begin, "train", name, "--machine-rank", str(machine)])


def ending_file(run: RunFolder, number: int) -> Path:
    """Where a process writes how it ended."""
    return run.processes / f"{number}.json"


def write_ending(run: RunFolder, number: int, end: dict[str, Any]) -> None:
    """Tell the process that started all how this one ended."""
    with written_whole(ending_file(run, number)) as file:
        json.dump(end, file)


def read_endings(run: RunFolder, count: int) -> dict[int, dict[str, Any]]:
    """How processes ended, by number; those that were killed say nothing."""
    files = {number: ending_file(run, number) for number in range(count)}
    return {n: json.loads(file.read_text(encoding="utf-8")) for n, file in files.items() if file.exists()}
