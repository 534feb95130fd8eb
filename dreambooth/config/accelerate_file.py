"""What a file of ``accelerate config`` says: what of it is used, and what cannot be done as it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dreambooth.config.settings import TrainConfig

USED = ("gpu_ids", "rdzv_backend", "same_network")  # handed on as they are; there are no settings for them
KINDS = ("NO", "MULTI_GPU", "MULTI_CPU")
SPLITS = ("FSDP", "DEEPSPEED", "MEGATRON_LM")
# Said anew in each start, or of no meaning outside of notebooks.
LEFT_ALONE = ("compute_environment", "distributed_type", "machine_rank", "main_training_function")


def read_accelerate_file(path: Path) -> dict[str, Any]:
    """What the file says, YAML or JSON; raises ValueError in words."""
    import yaml  # not needed to show a help text

    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, yaml.YAMLError):
        raise ValueError(f"{path} is no file that `accelerate config` wrote") from None
    if not isinstance(told, dict) or not all(isinstance(key, str) for key in told):
        raise ValueError(f"{path} is no file that `accelerate config` wrote")
    return told


def accelerate_file_problems(told: Mapping[str, Any], config: TrainConfig) -> Iterator[tuple[str, str]]:
    """Where the file and the settings differ, or the file asks for what is not to be had: setting, advice."""
    yield from _kind_problems(told)
    same = _said_twice(config)
    for key, value in told.items():
        if key in same:
            setting, ours = same[key]
            if value not in (None, ours):
                yield setting, f"the file of accelerate says {key}: {value}; make both the same"
        elif key not in (*USED, *LEFT_ALONE) and value not in (None, False, "", "no", [], {}):
            yield "machines.accelerate_config", f"{key} has no effect here: take it out of the file"


def _kind_problems(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    where = told.get("compute_environment", "LOCAL_MACHINE")
    kind = told.get("distributed_type", "MULTI_GPU")
    if where != "LOCAL_MACHINE":
        yield (
            "machines.accelerate_config",
            f"{where} cannot be used: choose compute_environment LOCAL_MACHINE",
        )
    if kind in SPLITS:
        yield (
            "machines.accelerate_config",
            f"{kind} splits one model among GPUs; here every GPU holds all of it. Choose distributed_type "
            "MULTI_GPU, and if the memory is too small an adapter, adamw_8bit or gradient checkpointing",
        )
    elif kind not in KINDS:
        yield "machines.accelerate_config", f"distributed_type {kind} cannot be used: choose MULTI_GPU"


def _said_twice(config: TrainConfig) -> dict[str, tuple[str, object]]:
    """What the file says as well as a setting: key → setting, and what that says."""
    machines, precision = config.machines, config.precision
    return {
        "num_processes": ("machines.num_processes", machines.num_processes),
        "num_machines": ("machines.num_machines", machines.num_machines),
        "main_process_ip": ("machines.main_address", machines.main_address),
        "main_process_port": ("machines.main_port", machines.main_port),
        "mixed_precision": ("precision.mixed_precision", precision.mixed_precision),
        "use_cpu": ("precision.device", precision.device == "cpu"),
    }
