"""Memory and time of merging full-size SD 1.5 checkpoints: ``python -m benchmarks.merge_memory``.

Random weights in fp16. Each merge runs in a process of its own, with all that a worker imports; its highest
resident memory is told as a multiple of one file. Needs 8 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.conversion import write_random_checkpoint
from dreambooth.models.architecture import STABLE_DIFFUSION_15
from dreambooth.tools.merge_checkpoints import MergeRequest, merge_checkpoints

POLL_SECONDS = 0.02
LIMIT = 1.3  # of one file
NAMES = ("a", "b", "c")


def run_merge(folder: Path, method: str) -> None:
    """In the process of its own: one merge, its time, and the memory that importing alone takes."""
    before, started = psutil.Process().memory_info().rss, time.monotonic()
    a, b, c = (folder / f"{name}.safetensors" for name in NAMES)
    asked = MergeRequest(
        primary=a,
        secondary=b,
        tertiary=c if method == "add_difference" else None,
        method="add_difference" if method == "add_difference" else "weighted_sum",
    )
    merge_checkpoints(asked, folder / "merged.safetensors", lambda _, __: None)
    print(json.dumps({"seconds": time.monotonic() - started, "before": before}))


def measure(folder: Path, method: str) -> tuple[float, int, int]:
    """Seconds, the highest resident memory, and that of the bare process."""
    command = [sys.executable, "-m", "benchmarks.merge_memory", "--merge", method, "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, watched.memory_info().rss)
            time.sleep(POLL_SECONDS)
        if process.returncode or not process.stdout:
            raise SystemExit(f"the merge ended with {process.returncode}")
        told = json.loads(process.stdout.read())
    return told["seconds"], peak, told["before"]


def main() -> None:
    """See above; ends with 1 when a merge needs more memory than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--merge", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.merge:
        run_merge(asked.folder, asked.merge)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in NAMES:
            write_random_checkpoint(folder / f"{each}.safetensors", STABLE_DIFFUSION_15)
        size = (folder / "a.safetensors").stat().st_size
        print(f"{size / 1e9:.2f} GB a file", flush=True)
        ratios = []
        for method in ("weighted_sum", "add_difference"):
            seconds, peak, before = measure(folder, method)
            ratios.append(peak / size)
            print(
                f"{method}: {seconds:.1f} s, peak {peak / 1e9:.2f} GB = {peak / size:.2f} of one file "
                f"({before / 1e9:.2f} GB of it before the merge)",
                flush=True,
            )
    if max(ratios) > LIMIT:
        raise SystemExit(f"more than {LIMIT} of one file")


if __name__ == "__main__":
    main()
