"""Time and memory of conversions at full size: ``python -m benchmarks.conversion [sd15|sdxl]``.

Random weights in fp16. Every step runs in a process of its own; its time is also told as a multiple of what
reading and writing the same bytes with safetensors takes, measured beside it, and its peak of memory beyond
that of a bare process as a multiple of the file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import torch

from dreambooth.models.architecture import STABLE_DIFFUSION_15, STABLE_DIFFUSION_XL, Architecture
from dreambooth.models.configs import build_without_weights
from dreambooth.models.create import create_working, read_source
from dreambooth.models.export import export_checkpoint, modelspec
from dreambooth.models.names import names_of
from dreambooth.models.single_file import read_checkpoint
from dreambooth.models.streaming import Planned, write_safetensors
from dreambooth.models.working import open_working

ARCHITECTURES = {"sd15": STABLE_DIFFUSION_15, "sdxl": STABLE_DIFFUSION_XL}
POLL_SECONDS = 0.02
REPEATS = 3


def write_random_checkpoint(path: Path, architecture: Architecture) -> None:
    """A complete checkpoint in fp16; norms are 1, everything else is small random numbers."""
    names = names_of(architecture)
    generator = torch.Generator().manual_seed(0)
    planned: dict[str, Planned] = {}

    def random(shape: torch.Size) -> Callable[[], torch.Tensor]:
        return lambda: (0.02 * torch.randn(shape, generator=generator)).half()

    for part, module in build_without_weights(architecture).items():
        for name, tensor in names.original(part, module.state_dict()).items():
            is_norm = "norm" in name and name.endswith("weight")
            make = (lambda shape=tensor.shape: torch.ones(shape).half()) if is_norm else random(tensor.shape)
            planned[name] = Planned(torch.float16, tuple(tensor.shape), make)
    write_safetensors(path, planned, modelspec(architecture))


def copy_with_safetensors(source: Path, to: Path) -> None:
    """What any tool has to do at least."""
    from safetensors.torch import load_file, save_file

    save_file(load_file(source), to)


def to_working(source: Path, to: Path) -> None:
    """``create``."""
    create_working(read_source(source), to)


def to_checkpoint(working: Path, to: Path) -> None:
    """``export``."""
    export_checkpoint(open_working(working), {}, to, None, {})


STEPS = {"copy": copy_with_safetensors, "create": to_working, "export": to_checkpoint}


def measured(step: str, source: Path, to: Path) -> tuple[float, int]:
    """Seconds that a step takes in a fresh process, and the bytes of memory that it adds to it at most."""
    command = [sys.executable, "-m", "benchmarks.conversion", "--step", step, str(source), str(to)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watched, peak, told = psutil.Process(process.pid), 0, []
        while process.poll() is None:
            peak = max(peak, watched.memory_info().rss)
            time.sleep(POLL_SECONDS)
        told = json.loads(process.stdout.read()) if process.stdout and process.returncode == 0 else None
    if told is None:
        raise SystemExit(f"{step} ended with {process.returncode}")
    return told["seconds"], max(peak, told["peak"]) - told["before"]


def run_step(step: str, source: Path, to: Path) -> None:
    """In the process of its own: the step, its time, and the memory before it."""
    before, started = psutil.Process().memory_info().rss, time.monotonic()
    STEPS[step](source, to)
    seconds = time.monotonic() - started
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "before": before, "peak": peak}))


def remove(path: Path) -> None:
    """A file or a folder."""
    subprocess.run(["rm", "-rf", str(path)], check=True)


def compare(architecture: Architecture, folder: Path) -> None:
    """All steps, several times by turns; prints medians."""
    source = folder / "source.safetensors"
    write_random_checkpoint(source, architecture)
    size = source.stat().st_size
    print(f"{size / 1e9:.2f} GB")
    seconds: dict[str, list[float]] = {step: [] for step in STEPS}
    peaks: dict[str, list[int]] = {step: [] for step in STEPS}
    for _ in range(REPEATS):
        for step, begins, ends in (
            ("copy", "source.safetensors", "copy.safetensors"),
            ("create", "source.safetensors", "working"),
            ("export", "working", "export.safetensors"),
        ):
            remove(folder / ends)
            taken, peak = measured(step, folder / begins, folder / ends)
            seconds[step].append(taken)
            peaks[step].append(peak)
    base = statistics.median(seconds["copy"])
    for step in STEPS:
        middle, peak = statistics.median(seconds[step]), max(peaks[step])
        print(
            f"{step:8} {middle:6.1f} s = {middle / base:4.2f} of a copy; peak {peak / 1e9:5.2f} GB = "
            f"{peak / size:4.2f} of the file"
        )
    before, after = read_checkpoint(source), read_checkpoint(folder / "export.safetensors")
    same = sum(torch.equal(before.tensors[name], after.tensors[name]) for name in before.shapes)
    print(f"{same} of {len(before.shapes)} tensors came back bit for bit, {len(after.shapes)} were written")


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architecture", nargs="?", choices=ARCHITECTURES, default="sd15")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        run_step(asked.step[0], Path(asked.step[1]), Path(asked.step[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(ARCHITECTURES[asked.architecture], Path(folder))


if __name__ == "__main__":
    main()
