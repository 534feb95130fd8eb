"""Time and memory of a dataset of 20 000 small pictures: ``python -m benchmarks.many_pictures``.

It writes the pictures (64 and 96 pixels wide, in sub-folders with captions, one of them with a multiplier of
0.025) into a temporary folder, then does what a training does before and between its steps: it lists and
inspects them, plans, deals the first epoch, starts later ones, and fills the cache of latents by a tiny VAE,
whose time does not count for much. The memory of the cache is limited to 16 MB here, to 1 GB in a training.

As it was measured on one quiet processor:

========================================== ==================== =========
What, of 20 000 pictures                   Time                 Memory
========================================== ==================== =========
list and inspect, never seen before        7.2 s                74 MB
list again, as ``check`` and a resume do   1.7 s                9 MB
first step of the first epoch              0.08 s               none
the other 4467 steps of the first epoch    1.5 s                none
first step of a later epoch                0.05 s               none
encode and keep all latents                16 s; 0.8 ms each    4 MB
========================================== ==================== =========

Beside other programs all of it takes four to ten times as long.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil
import torch
from PIL import Image
from torch import Tensor

from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.config.validation import ValidationConfig
from dreambooth.data.batches import Step, iterate_steps, steps_per_epoch
from dreambooth.data.cache import TensorCache
from dreambooth.data.class_plan import plan_class_images
from dreambooth.data.examples import Dataset, build_examples
from dreambooth.data.latents import LatentSource

NUM_FOLDERS = 10
MOST_SECONDS = 1.0  # of a processor, until a later epoch has its first step
MOST_CACHE_BYTES = 16 << 20
MOST_GROWTH_BYTES = 100 << 20  # of the process, while the cache is filled and read
POLL_SECONDS = 0.02


@dataclass
class Measured:
    """One thing that was done: its time, and how much the process grew at most."""

    seconds: float = 0.0
    processor_seconds: float = 0.0  # what it would take where nothing else runs
    grown_bytes: int = 0


def held_bytes() -> int:
    """Memory of the process's own; on Linux without pages of programs' files, which come and go."""
    told = psutil.Process().memory_info()
    return int(told.rss - getattr(told, "shared", 0))


@contextmanager
def measuring(what: str) -> Iterator[Measured]:
    """Tells time and memory of what is done inside."""
    told, done = Measured(), threading.Event()
    before, started, busy = held_bytes(), time.monotonic(), time.process_time()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            told.grown_bytes = max(told.grown_bytes, held_bytes() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield told
    finally:
        done.set()
        watcher.join()
        told.seconds, told.processor_seconds = time.monotonic() - started, time.process_time() - busy
        told.grown_bytes = max(told.grown_bytes, held_bytes() - before)
    times = f"{told.seconds:8.2f} s   {told.processor_seconds:8.2f} s of a processor"
    print(f"{what:<48} {times}   +{told.grown_bytes / 2**20:5.0f} MB", flush=True)


def write_pictures(folder: Path, count: int) -> None:
    """So many different pictures in sub-folders, each with a caption of tags."""
    rng = random.Random(0)
    for number in range(count):
        inside = folder / f"{number % NUM_FOLDERS:02}"
        inside.mkdir(exist_ok=True)
        size = (96, 64) if number % 3 == 0 else (64, 64)
        small = Image.frombytes("RGB", (4, 4), rng.randbytes(48))
        small.resize(size).save(inside / f"{number:06}.png", compress_level=1)
        caption = f"picture {number}, red, {{big|small}}, on grass, at night"
        (inside / f"{number:06}.txt").write_text(caption, encoding="utf-8")
    (folder / "00" / "multiply.txt").write_text("0.025", encoding="utf-8")


def settings(folder: Path) -> TrainConfig:
    """A fine-tuning with everything on that is drawn anew for each showing."""
    return TrainConfig(
        method="finetune",
        concepts=(Concept(instance_data_dir=str(folder)),),
        data=DataConfig(resolution=64, bucket_step_px=32, batch_size=4),
        captions=CaptionsConfig(shuffle_tags=True, wildcards=True, tag_dropout_probability=0.1),
        validation=ValidationConfig(fraction=0.01),
    )


def encode(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """What stands for a VAE: means of eight by eight pixels, four channels."""
    mean = torch.nn.functional.avg_pool2d(pixels, 8)
    latents = torch.cat([mean, mean[:, :1]], dim=1)
    return latents, torch.full_like(latents, 0.1)


def measure_planning(folder: Path, config: TrainConfig) -> Dataset:
    """Listing, and what the plan of a training needs."""
    nowhere = [folder / "no class images"]
    with measuring("list and inspect, never seen before"):
        build_examples(config, nowhere)
    with measuring("list again"):
        dataset = build_examples(config, nowhere)
    with measuring("plan of class images"):
        plan_class_images(config, nowhere)
    with measuring("count the steps"):
        steps_per_epoch(dataset, config)
    return dataset


def measure_epochs(dataset: Dataset, config: TrainConfig) -> float:
    """The first epoch, and the longest time that a later one takes until its first step."""
    length = steps_per_epoch(dataset, config)
    with measuring("first step of the first epoch"):
        steps = iterate_steps(dataset, config, 0)
        next(steps)
    with measuring(f"the other {length - 1} steps of the first epoch"):
        for _ in islice(steps, length - 1):
            pass
    longest = 0.0
    for epoch in (1, 2, 3):
        with measuring(f"first step of epoch {epoch + 1}") as told:
            next(steps)
        longest = max(longest, told.processor_seconds)
        for _ in islice(steps, length - 1):
            pass
    return longest


def measure_cache(folder: Path, dataset: Dataset, steps: list[Step]) -> int:
    """Filling the cache, and reading an epoch out of it; returns how much the process grew."""
    LatentSource(encode, "warm-up", None).fetch(steps[0][0])
    source = LatentSource(encode, "tiny", TensorCache(folder / "cache", MOST_CACHE_BYTES))
    with measuring("encode and keep all latents") as filled:
        source.fill(dataset, flips=lambda _: (False,), progress=lambda _, __: None)
    with measuring("latents, all known"):
        source.fill(dataset, flips=lambda _: (False,), progress=lambda _, __: None)
    with measuring("read the latents of an epoch") as read:
        for step in steps:
            for batch in step:
                source.fetch(batch)
    return max(filled.grown_bytes, read.grown_bytes)


def main() -> None:
    """See above; ends with 1 when an epoch starts late or the cache takes more memory than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        pictures, config = Path(place, "pictures"), settings(Path(place, "pictures"))
        pictures.mkdir()
        with measuring(f"write {asked.count} pictures"):
            write_pictures(pictures, asked.count)
        dataset = measure_planning(pictures, config)
        longest = measure_epochs(dataset, config)
        steps = list(islice(iterate_steps(dataset, config, 0), steps_per_epoch(dataset, config)))
        grown = measure_cache(Path(place), dataset, steps)
    if longest > MOST_SECONDS or grown > MOST_GROWTH_BYTES:
        raise SystemExit(f"an epoch began after {longest:.2f} s; the cache took {grown / 2**20:.0f} MB")


if __name__ == "__main__":
    main()
