"""The main job on a full-size model with random weights: ``python -m benchmarks.full_size [sd15|sdxl]``.

Random weights draw nothing, but every tensor has its real size: what is measured is time and memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import psutil

from benchmarks.conversion import ARCHITECTURES, write_random_checkpoint
from dreambooth.toybox.pictures import draw_picture
from dreambooth.toybox.world import random_spec

POLL_SECONDS = 0.2


def peak_of(command: list[str]) -> tuple[float, float]:
    """Run a command; seconds, and the most memory in GB that it and its workers held together."""
    started, peak = time.monotonic(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            family = [watched, *watched.children(recursive=True)]
            peak = max(peak, sum(each.memory_info().rss for each in family if each.is_running()))
            time.sleep(POLL_SECONDS)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - started, peak / 1e9


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_size")
    parser.add_argument("architecture", nargs="?", choices=ARCHITECTURES, default="sd15")
    parser.add_argument("--steps", type=int, default=2, help="LoRA steps")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "random.safetensors"
        write_random_checkpoint(source, ARCHITECTURES[asked.architecture])
        print(f"source {source.stat().st_size / 1e9:.2f} GB")
        pictures = folder / "pictures"
        pictures.mkdir()
        for number in range(2):
            draw_picture(random_spec(Random(number)), side_px=256).save(pictures / f"{number}.png")
        concept = ["--instance-data-dir", str(pictures), "--instance-prompt", "a photo of a sks robot"]
        concept += ["--class-prompt", "a photo of a robot", "--num-class-images-per", "1"]
        concept += ["--class-infer-steps", "2", "--n-save-sample", "0"]
        # Random weights answer at random, which looks like a misread model.
        changes = [
            "adapter=lora",
            "loss.check_prediction=false",
            f"duration.max_steps={asked.steps}",
            "data.resolution=256",
        ]
        commands = {
            "create": ["create", "big", "--source", str(source)],
            "concept": ["concept", "big", "add", *concept],
            "settings": ["settings", "big", "--set", *changes],
            "classes": ["classes", "big"],
            "train": ["train", "big"],
            "sample": [
                *(
                    "sample",
                    "big",
                    "--prompt",
                    "a sks robot",
                    "--to",
                    str(folder / "samples"),
                    "--steps",
                    "2",
                ),
                *("--width", "256", "--height", "256"),
            ],
            "export": ["export", "big", "--to", str(folder / "out.safetensors")],
        }
        start = [sys.executable, "-m", "dreambooth", "--models-dir", str(folder / "models")]
        for label, words in commands.items():
            seconds, gigabytes = peak_of([*start, *words])
            told = {"job": label, "seconds": round(seconds, 1), "peak_gb": round(gigabytes, 2)}
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
