"""Kills trainings at random moments, resumes them, and compares the weights with those of undisturbed ones.

    python -m benchmarks.kill_resume [--kills 20] [--seed 0]

Every round is one training that is killed once in each phase: while class images are generated, while latents
are cached, during a step, while a state is saved, while a checkpoint is written. It saves after every step.
After each kill the model must open, with its state and its checkpoints; at the end the weights must be those
of the same training left alone, bit for bit. Rounds alternate between the full model and a LoRA.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from safetensors.torch import load_file

from dreambooth.config.concept import Concept
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed
from dreambooth.data.cache import tensors_hash
from dreambooth.events import Event, EventReader
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training, start_worker
from dreambooth.models.load import load_model
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.training.state import load_snapshot

MODEL = "toy"
COLOURS = ("red", "green", "blue", "yellow")
NUM_STEPS = 8
SETTINGS = {
    "duration.max_steps": str(NUM_STEPS),
    "data.batch_size": "2",
    "augment.flip_probability": "0.5",
    "parts.text_encoder_fraction": "0.5",
    "saving.save_every_steps": "1",
    "samples.sample_at_end": "no",
    "optimizer.unet_lr": "1e-5",
}
KINDS = {
    "full": {"ema.enabled": "yes", "optimizer.name": "adamw_8bit"},
    "lora": {"adapter": "lora", "lora.rank": "4", "lora.dropout": "0.1"},
}


@dataclass(frozen=True)
class Phase:
    """Where to kill: so many seconds at most after the first event of this kind."""

    name: str
    is_begun: Callable[[Event], bool]
    most_seconds: float


PHASES = (
    Phase("class images", lambda event: event["event"] == "class_image", 0.5),
    Phase("caching", lambda event: event.get("what") == "latents", 0.1),
    Phase("step", lambda event: event["event"] in ("state", "checkpoint"), 0.6),
    Phase("state", lambda event: event["event"] == "step", 0.6),
    Phase("checkpoint", lambda event: event["event"] == "state", 0.4),
)


@dataclass(frozen=True)
class Kill:
    """What became of one kill."""

    phase: str
    delay_seconds: float
    last_event: str
    state_step: int | None
    fault: str


def run_worker(run: RunFolder, phase: Phase | None, delay_seconds: float) -> list[Event]:
    """Let a worker go on until it ends, or kill it in the phase; returns the events."""
    offset = run.events_file.stat().st_size if run.events_file.exists() else 0
    worker, events = start_worker(run), []
    for event in follow(EventReader(run, offset), lambda: worker.poll() is None):
        events.append(event)
        if phase is not None and phase.is_begun(event) and worker.poll() is None:
            time.sleep(delay_seconds)
            worker.kill()
    worker.wait()
    return events


def find_fault(library: Library, run: RunFolder) -> str:
    """What of the model does not open after a kill; empty when all is well."""
    folder = library.folder(MODEL)
    try:
        library.load(MODEL)
        load_model(folder.working)
        load_snapshot(run)
        for path in [*folder.checkpoints.glob("*.safetensors"), *folder.path.glob("*.safetensors")]:
            load_file(path)
        for path in folder.classifiers(0).glob("*.png"):
            Image.open(path).load()
    except Exception as error:  # noqa: BLE001 - whatever it is, it goes into the table
        return f"{type(error).__name__}: {error}"
    return ""


def weights_hash(folder: ModelFolder) -> str:
    """Differs when a single bit of the model differs."""
    files = [*folder.working.glob("*/*.safetensors"), *folder.path.glob("*.safetensors")]
    named = ((f"{file.parent.name} {key}", t) for file in files for key, t in load_file(file).items())
    return tensors_hash(named)


def draw_photos(folder: Path) -> None:
    """A few different pictures."""
    folder.mkdir()
    for number, colour in enumerate(COLOURS):
        picture = Image.new("RGB", (64, 64), colour)
        picture.paste("white", (number, 8, 20 + 5 * number, 40))
        picture.save(folder / f"{number}.png")


def begin_training(library: Library, photos: Path, kind: str) -> RunFolder:
    """The run of a training, not started."""
    record = library.load(MODEL)
    concept = Concept(
        instance_data_dir=str(photos),
        instance_prompt="a photo of a sks robot",
        class_prompt="a photo of a robot",
        num_class_images_per=2,
        class_infer_steps=4,
    )
    config = TrainConfig(concepts=(concept,), data=record.config.data)
    return prepare_training(library, MODEL, record, changed(config, {**SETTINGS, **KINDS[kind]}))


def kill_in_phases(library: Library, run: RunFolder, phases: list[Phase], rng: random.Random) -> list[Kill]:
    """Kill the run once in each of the phases."""
    kills = []
    for phase in phases:
        delay = rng.uniform(0, phase.most_seconds)
        events = run_worker(run, phase, delay)
        snapshot = load_snapshot(run)
        fault = find_fault(library, run)
        if events[-1]["outcome"] != "lost":
            fault = fault or f"was not killed: {events[-1]}"
        last = events[-2]["event"] if len(events) > 1 else "nothing"
        kills.append(Kill(phase.name, delay, last, None if snapshot is None else snapshot.step, fault))
        print_kill(kills[-1])
    return kills


def print_kill(kill: Kill) -> None:
    """A line of the table."""
    step = "none" if kill.state_step is None else str(kill.state_step)
    print(
        f"  {kill.phase:<14}{kill.delay_seconds:>6.2f} s  last heard {kill.last_event:<12} state {step:<5} "
        f"{'opens' if not kill.fault else kill.fault}",
        flush=True,
    )


def finish_round(run: RunFolder, folder: ModelFolder, expected: str) -> bool:
    """Resume to the end; whether the weights are those of the undisturbed run."""
    end = run_worker(run, None, 0)[-1]
    is_equal = end["outcome"] == "done" and weights_hash(folder) == expected
    told = "bit-equal to the undisturbed run" if is_equal else f"DIFFERENT ({end})"
    print(f"  resumed to the end: {end['outcome']}, weights {told}", flush=True)
    return is_equal


def make_model(path: Path) -> Library:
    """A library with one fresh model."""
    library = Library(path)
    run = prepare_run(library, library.folder(MODEL), "create", {"source": str(WEIGHTS_FILE)})
    if run_worker(run, None, 0)[-1]["outcome"] != "done":
        raise SystemExit(f"the model could not be made; see {run.log_file}")
    return library


def measure(place: Path, num_kills: int, seed: int) -> bool:
    """All rounds; whether everything was as it should be."""
    rng = random.Random(seed)
    draw_photos(place / "photos")
    fresh = make_model(place / "fresh")
    expected: dict[str, str] = {}
    kills: list[Kill] = []
    results: list[bool] = []
    while len(kills) < num_kills:
        kind = list(KINDS)[len(results) % len(KINDS)]
        if kind not in expected:
            library = Library(Path(shutil.copytree(fresh.path, place / f"undisturbed-{kind}")))
            run_worker(begin_training(library, place / "photos", kind), None, 0)
            expected[kind] = weights_hash(library.folder(MODEL))
        library = Library(Path(shutil.copytree(fresh.path, place / f"round-{len(results)}")))
        run = begin_training(library, place / "photos", kind)
        print(f"round {len(results) + 1}, {kind}", flush=True)
        kills += kill_in_phases(library, run, list(PHASES[: num_kills - len(kills)]), rng)
        results.append(finish_round(run, library.folder(MODEL), expected[kind]))
        shutil.rmtree(library.path)
    faults = sum(bool(kill.fault) for kill in kills)
    print(f"{len(kills)} kills in {len(results)} trainings: {faults} faults, {sum(results)} bit-equal")
    return faults == 0 and all(results)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        is_good = measure(Path(place), asked.kills, asked.seed)
    print(f"{time.monotonic() - started:.0f} seconds")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
