"""How many processes train together, and where they meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class MachinesConfig:
    """How many GPUs and machines train together."""

    title: ClassVar[str] = "GPUs and machines"

    num_processes: int = since(
        "0.2",
        option(
            1,
            "Processes",
            "One for each GPU, of all machines together; on the processor as many as you like. Each takes "
            "data.batch_size pictures at a time, so an epoch has fewer steps: with more processes a higher "
            "learning rate is often right.",
            low=1,
            high=1024,
            advanced=True,
        ),
    )
    num_machines: int = since(
        "0.2",
        option(
            1,
            "Machines",
            "All see the models folder and the pictures under the same paths. The training tells what to run "
            "on the others.",
            low=1,
            high=256,
            advanced=True,
        ),
    )
    main_address: str = since(
        "0.2",
        option(
            "",
            "Address of the first machine",
            "Under which the others reach it, a name or a number; of one machine alone nothing.",
            advanced=True,
        ),
    )
    main_port: int = since(
        "0.2",
        option(
            29500,
            "Port of the first machine",
            "At which several machines meet; a single machine takes one that is free.",
            low=1,
            high=65535,
            advanced=True,
        ),
    )
    accelerate_config: str = since(
        "0.2",
        option(
            "",
            "Accelerate's file",
            "A file that `accelerate config` wrote, for what has no setting here, as which GPUs; empty: no. "
            "Where it says what a setting says too, both must be the same.",
            advanced=True,
        ),
    )
