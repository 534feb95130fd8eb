"""Another machine's part in a training that the first one has begun."""

from __future__ import annotations

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import Conflict, config_from_json
from dreambooth.jobs.readiness import require_environment
from dreambooth.jobs.runs import read_job
from dreambooth.launching import launch


def join_training(run: RunFolder, machine: int) -> int:
    """Start the processes of machine ``machine`` (the first is 0), wait for them, and return the exit code.

    They print here; what the training tells is told by the first machine. Raises ConfigError when that
    expects no such machine.
    """
    config = config_from_json(read_job(run)["config"])
    count = config.machines.num_machines
    if count == 1:
        raise Conflict(
            "this training is of one machine alone; begin it with --num-machines and --main-address"
        )
    if not 0 < machine < count:
        raise Conflict(f"this training has {count} machines, so --machine-rank is from 1 to {count - 1}")
    require_environment()
    with launch(run, config, machine) as launcher:
        return 1 if launcher.wait() else 0
