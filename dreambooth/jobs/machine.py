"""What the machine has to train on, asked without torch."""

from __future__ import annotations

import csv
import ctypes
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from dreambooth.config.precision import PrecisionConfig

ASKED_AGAIN_SECONDS = 300
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Machine:
    """The device that a training would take, and all the memory that this has; None: nobody can tell."""

    device: Literal["cuda", "mps", "cpu"]
    memory_bytes: int | None


def find_machine(config: PrecisionConfig) -> Machine:
    """What these settings would train on here."""
    gpu_bytes = find_gpu_bytes() if config.device in ("auto", "cuda") else None
    if gpu_bytes is not None or config.device == "cuda":
        return Machine("cuda", gpu_bytes)
    is_apple = sys.platform == "darwin" and platform.machine() == "arm64"
    is_mps = config.device == "mps" or (config.device == "auto" and is_apple)
    return Machine("mps" if is_mps else "cpu", find_ram_bytes())


def uses_half_precision(config: PrecisionConfig, machine: Machine) -> bool:
    """Whether a step computes in 16 bits there."""
    return config.mixed_precision in ("bf16", "fp16") or (
        config.mixed_precision == "auto" and machine.device == "cuda"
    )


def find_gpu_bytes() -> int | None:
    """Memory of the first NVIDIA GPU that programs may use, by ``nvidia-smi``; None without one."""
    return _ask_for_gpu(os.environ.get("CUDA_VISIBLE_DEVICES"), int(time.time() / ASKED_AGAIN_SECONDS))


@lru_cache(maxsize=4)
def _ask_for_gpu(visible: str | None, _when: int) -> int | None:
    program = shutil.which("nvidia-smi")
    first = None if visible is None else visible.split(",")[0].strip()
    if program is None or first in ("", "-1"):
        return None
    which = [] if first is None else [f"--id={first}"]
    quiet: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    try:
        told = subprocess.run(
            [program, *which, "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
            **quiet,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_memory(told.stdout)


def parse_memory(told: str) -> int | None:
    """Bytes from the first line of what ``nvidia-smi`` prints, in MiB; None when it tells no number."""
    rows = [row for row in csv.reader(told.splitlines()) if row]
    number = rows[0][0].strip() if rows else ""
    return int(number) * 2**20 if number.isdecimal() else None


def find_ram_bytes() -> int | None:
    """Memory of the machine."""
    if sys.platform == "win32":
        return _ask_windows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None


class _WindowsMemory(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        *((name, ctypes.c_ulonglong) for name in ("total", "free", "page_total", "page_free")),
        *((name, ctypes.c_ulonglong) for name in ("virtual_total", "virtual_free", "extended_free")),
    )


def _ask_windows() -> int | None:
    status = _WindowsMemory(length=ctypes.sizeof(_WindowsMemory))
    library: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - known on Windows alone
    return int(status.total) if library.GlobalMemoryStatusEx(ctypes.byref(status)) else None
