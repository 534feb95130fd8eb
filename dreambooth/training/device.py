"""Where to compute and in which precision; the only place that asks torch what the machine can do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import psutil
import torch
from torch import nn

from dreambooth.config.precision import PrecisionConfig
from dreambooth.training.errors import DeviceError


@dataclass(frozen=True)
class Device:
    """A device and the precision of autocast on it; None: everything in float32."""

    device: torch.device
    autocast_dtype: torch.dtype | None

    @property
    def frozen_dtype(self) -> torch.dtype:
        """What weights that do not learn are kept in: on a GPU no more precisely than autocast reads them."""
        return torch.float32 if self.device.type == "cpu" else self.autocast_dtype or torch.float32

    def autocast(self) -> AbstractContextManager[object]:
        """Mixed precision, where it was asked for."""
        if self.autocast_dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, self.autocast_dtype)

    def build_scaler(self) -> torch.amp.GradScaler:
        """Scales the loss under fp16, does nothing otherwise."""
        return torch.amp.GradScaler(self.device.type, enabled=self.autocast_dtype == torch.float16)

    def memory_bytes(self) -> int:
        """Most memory held so far: of the GPU, else of the process."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_reserved(self.device)
        if sys.platform == "win32":
            return int(psutil.Process().memory_info().peak_wset)
        import resource  # not to be had on Windows

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    @staticmethod
    def ram_bytes() -> int:
        """Memory that the process holds now."""
        return int(psutil.Process().memory_info().rss)

    def synchronise(self) -> None:
        """Wait until the device has done what it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _choose_torch_device(asked: str, number: int) -> torch.device:
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        asked = next(name for name, is_there in has.items() if is_there)
    if not has[asked]:
        raise DeviceError(f"precision.device: there is no {asked} device here; choose auto or cpu")
    if number == 0 or asked == "cpu":
        return torch.device(asked)
    count = torch.cuda.device_count() if asked == "cuda" else 1
    if number >= count:
        raise DeviceError(
            f"machines.num_processes: each process needs a device of its own, and this machine has {count} "
            f"of {asked}: set {count} for each machine, or precision.device=cpu"
        )
    return torch.device(asked, number)


def choose_device(config: PrecisionConfig, number: int = 0) -> Device:
    """The device and precision that the settings ask for, for process ``number`` of this machine.

    Raises DeviceError.
    """
    device = _choose_torch_device(config.device, number)
    asked = config.mixed_precision
    if asked == "auto":
        if device.type != "cuda":
            return Device(device, None)
        asked = "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    dtypes = {"no": None, "bf16": torch.bfloat16, "fp16": torch.float16}
    return Device(device, dtypes[asked])


@contextmanager
def evaluating(*modules: nn.Module) -> Iterator[None]:
    """Inference without gradients; every module's mode is as found afterwards."""
    modes = [(m, m.training) for module in modules for m in module.modules()]
    for module in modules:
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
