"""What tests of whole jobs share: a model made from the toybox, a few pictures, jobs done in this process."""

import os
import shutil
import signal
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.duration import DurationConfig
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.samples import SampleConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import config_to_json
from dreambooth.data.cache import tensors_hash
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.worker import work

# Models as small as these gain nothing from more threads, and lose much where other programs want the cores.
# Workers that a test starts inherit the variable.
os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

# Programs started in the background ignore Ctrl-C, and so would the commands that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

MODEL = "toy"
COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")


def do(run: RunFolder) -> dict:
    """Do the job of a run in this process; returns what its end event tells."""
    return work(run, threading.Event())


def draw_photos(folder: Path, count: int, size=(64, 64)) -> Path:
    """So many different captioned pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, colour in zip(range(count), COLOURS, strict=False):
        picture = Image.new("RGB", size, colour)
        picture.paste("white", (number, 8, 20 + 5 * number, 40))
        picture.save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(f"a {colour} robot, in snow, at night", encoding="utf-8")
    return folder


def trained_weights(folder: ModelFolder) -> dict[str, torch.Tensor]:
    """Everything of a model that training changes."""
    files = [*folder.working.glob("*/*.safetensors"), folder.adapter_file]
    return {
        f"{file.parent.name} {name}": tensor
        for file in files
        if file.exists()
        for name, tensor in load_file(file).items()
    }


def weights_hash(folder: ModelFolder) -> str:
    """Differs when a single bit of the model differs."""
    return tensors_hash(trained_weights(folder).items())


# A file stays in one process, so the longest begin first: else all wait for the last of them.
LONGEST_FILES = ("test_whole_way.py", "test_several_processes.py", "test_golden.py", "test_models.py")


def pytest_collection_modifyitems(items) -> None:
    """The files that take minutes before all others, whose order stays."""
    items.sort(key=lambda item: item.path.name not in LONGEST_FILES)


def pytest_terminal_summary(terminalreporter) -> None:
    """Why tests were left out: one line for each reason."""
    left_out = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(report.longrepr[2] for report in left_out).items():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def made_models(tmp_path_factory) -> Path:
    """A models folder with one fresh model, which tests only copy."""
    library = Library(tmp_path_factory.mktemp("models"))
    run = prepare_run(library, library.folder(MODEL), "create", {"source": str(WEIGHTS_FILE)})
    assert do(run)["outcome"] == "done"
    return library.path


@pytest.fixture
def library(made_models, tmp_path) -> Library:
    """A library of one's own with a fresh model; files are replaced, never changed, so that links do."""
    return Library(Path(shutil.copytree(made_models, tmp_path / "models", copy_function=os.link)))


@pytest.fixture
def folder(library) -> ModelFolder:
    """The folder of that model."""
    return library.folder(MODEL)


@pytest.fixture
def photos(tmp_path) -> Path:
    """Three captioned pictures."""
    return draw_photos(tmp_path / "photos", 3)


@pytest.fixture
def config(photos) -> TrainConfig:
    """A valid training of four steps without previews."""
    concept = Concept(
        instance_data_dir=str(photos),
        instance_prompt="a photo of a sks robot",
        class_prompt="a photo of a robot",
        save_infer_steps=2,
        class_infer_steps=2,
    )
    return TrainConfig(
        concepts=(concept,),
        duration=DurationConfig(max_steps=4),
        data=DataConfig(resolution=64, bucket_step_px=8),
        samples=SampleConfig(sample_at_end=False),
    )


@pytest.fixture
def with_classes(config, tmp_path) -> TrainConfig:
    """The same training beside two class images of the user's own for each picture."""
    draw_photos(tmp_path / "classes", 6)
    concept = replace(config.concepts[0], class_data_dir=str(tmp_path / "classes"), num_class_images_per=2)
    return replace(config, concepts=(concept,))


@pytest.fixture
def begin(library):
    """Prepares a training with the given settings; ``do`` then does it."""

    def begin_training(config: TrainConfig) -> RunFolder:
        library.save_config(MODEL, config)
        return prepare_training(library, MODEL, library.load(MODEL), config)

    return begin_training


@pytest.fixture
def perform(library):
    """Does another job with the model, and returns how it ended."""

    def perform_job(job: str, config: TrainConfig | None = None, **asked) -> dict:
        config = config or library.load(MODEL).config
        return do(
            prepare_run(library, library.folder(MODEL), job, {"config": config_to_json(config), **asked})
        )

    return perform_job
