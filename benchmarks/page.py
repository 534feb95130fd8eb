"""How fast the page is there, and how fast it hears of runs: ``python -m benchmarks.page [PYTHON …]``.

Importing and building are measured in this Python, and in others whose Gradio is another one. The runs are
written by this program, as a worker would have told them. Every time is the best of a few, since other
programs on the machine only ever add to it; ends with 1 when one is above its limit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.environment import child_variables
from dreambooth.jobs.library import Library
from dreambooth.jobs.page_state import PageState
from dreambooth.jobs.run_telling import read_cursor
from dreambooth.jobs.run_views import RunView

TRIES = 5
SHORT, LONG = 200, 200_000  # steps
NUM_MODELS = NUM_RUNS = 50
BUILDING = """
import sys, time, gradio
began = time.perf_counter()
from dreambooth.actions.table import find_actions
from dreambooth.ui.gradio_tab import build_tab
find_actions()
imported = time.perf_counter()
build_tab(lambda asked: {})
built = time.perf_counter()
assert "torch" not in sys.modules
print(gradio.__version__, imported - began, built - imported)
"""


@dataclass(frozen=True)
class Measured:
    """A time, and the longest that it may be."""

    what: str
    seconds: float
    limit_seconds: float


def best_seconds(act: Callable[[], object]) -> float:
    """The shortest of a few tries."""
    seconds = []
    for _ in range(TRIES):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def write_run(run: RunFolder, num_steps: int) -> None:
    """A training that is done."""
    run.path.mkdir(parents=True)
    run.config_file.write_text(json.dumps({"job": "train", "model_dir": "../..", "models_dir": "../../.."}))
    with run.events_file.open("w") as file:
        _tell(file.write, "work", job="train", pid=1)
        _tell(file.write, "start", step=0, num_steps=num_steps, device="cpu")
        for step in range(1, num_steps + 1):
            tell_step(file.write, step, num_steps)
            if step % 500 == 0:
                _tell(file.write, "sample", step=step, path=f"samples/{step}.png", prompt="a dog", seed=1)
        _tell(file.write, "end", outcome="done", result={"step": num_steps, "num_steps": num_steps})


def tell_step(write: Callable[[str], object], step: int, num_steps: int) -> None:
    """All that a worker tells of a step, with numbers as long as real ones."""
    loss = 0.1 + (step * 7919 % 1000) / 7919
    _tell(
        write,
        "step",
        step=step,
        num_steps=num_steps,
        epoch=step // 100,
        lifetime_step=step,
        loss=loss,
        instance_loss=loss * 1.1,
        prior_loss=loss * 0.9,
        concept_losses={"0": loss, "1": loss},
        lr={"unet": 1e-06, "text_encoder": 1e-06},
        grad_norm=loss / 3,
        memory_bytes=12345678901,
        ram_bytes=1234567890,
        images_per_second=3.125,
    )


def _tell(write: Callable[[str], object], kind: str, **values: object) -> None:
    write(json.dumps({"event": kind, "time": 1.0, **values}) + "\n")


def measure_views(folder: Path) -> Iterator[Measured]:
    """Opening a run of few and of many steps, and hearing of the next step."""
    for num_steps, limit in ((SHORT, 0.05), (LONG, 0.5)):
        run = RunFolder(folder / "toy" / "runs" / f"{num_steps}-train")
        write_run(run, num_steps)
        opened = best_seconds(lambda run=run: RunView(run).tell("run", None))  # type: ignore[misc]
        yield Measured(f"open a run of {num_steps} steps", opened, limit)
        view = RunView(run)
        cursor = read_cursor(view.tell("run", None)["cursor"])

        def poll(run: RunFolder = run, view: RunView = view, cursor: object = cursor) -> None:
            with run.events_file.open("a") as file:
                tell_step(file.write, view.tell("run", cursor)["step"] + 1, LONG)  # type: ignore[arg-type]
            view.tell("run", cursor)  # type: ignore[arg-type]

        yield Measured(f"hear a new step of a run of {num_steps}", best_seconds(poll), 0.02)


def measure_state(folder: Path) -> Iterator[Measured]:
    """What the page asks each second, in a library of many models with many runs."""
    library = Library(folder / "many")
    for model in range(NUM_MODELS):
        place = library.folder(f"model {model}")
        place.path.mkdir(parents=True)
        save_record(place.config_file, ModelRecord(family="sd1"))
        for run in range(NUM_RUNS):
            write_run(RunFolder(place.runs / f"20260101-0000{run:02d}-000-train"), 5)
    state = PageState(library)
    began = time.perf_counter()
    cursor = read_cursor(state.tell("model 7", None, None)["view"]["cursor"])
    yield Measured(f"first page of {NUM_MODELS} models", time.perf_counter() - began, 1.0)
    time.sleep(3.5)  # until times of folders are trusted
    state.tell("model 7", None, cursor)
    polled = best_seconds(lambda: state.tell("model 7", None, cursor))
    yield Measured(f"poll of {NUM_MODELS} models x {NUM_RUNS} runs", polled, 0.02)


def measure_building(python: str) -> Iterator[Measured]:
    """Importing our side beyond Gradio, and drawing the page into it."""
    command = [python, "-c", BUILDING]
    variables = {**child_variables(), "GRADIO_ANALYTICS_ENABLED": "False"}
    told = [
        subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(TRIES)
    ]
    gradio = told[0][0]
    yield Measured(f"import beside Gradio {gradio}", min(float(each[1]) for each in told), 0.3)
    yield Measured(f"build the tab in Gradio {gradio}", min(float(each[2]) for each in told), 0.7)


MEASUREMENTS: tuple[Callable[[Path], Iterator[Measured]], ...] = (measure_views, measure_state)


def main() -> None:
    """See above."""
    is_slow = False
    for each in _measure_all(sys.argv[1:]):
        is_slow |= each.seconds > each.limit_seconds
        print(f"{each.what}: {each.seconds * 1000:.1f} ms (at most {each.limit_seconds * 1000:.0f})")
    sys.exit(is_slow)


def _measure_all(pythons: list[str]) -> Iterator[Measured]:
    for python in [sys.executable, *pythons]:
        yield from measure_building(python)
    for measure in MEASUREMENTS:
        with tempfile.TemporaryDirectory() as folder:
            yield from measure(Path(folder))


if __name__ == "__main__":
    main()
