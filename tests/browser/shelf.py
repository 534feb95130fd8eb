"""A models folder for the page: models that have settings, pictures and a told training, and no weights."""

import shutil
from dataclasses import replace
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.fitting import fitting_config
from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.jobs.library import Library
from tests.conftest import draw_photos
from tests.jobs.told_runs import ToldRun

MODEL = "my_robot"
OTHER = "other"
SIDE_PX = 64


def put_up_shelf(folder: Path, *, photos: Path | None = None) -> Library:
    """Two models; the first has pictures, an earlier state of its settings, and a training that is done."""
    pictures = photos or draw_photos(folder / "photos", 3)
    library = Library(folder / "models")
    for name in (OTHER, MODEL):
        add_model(library, name, pictures)
    library.change_config(MODEL, lambda config: replace(config, seed=7))
    tell_training(library, pictures)
    return library


def add_model(library: Library, name: str, pictures: Path) -> ModelFolder:
    """A model with one concept."""
    concept = Concept(
        instance_data_dir=str(pictures),
        instance_prompt="a photo of a sks robot",
        instance_token="sks",
        class_token="robot",
        class_prompt="a photo of a robot",
    )
    config = replace(fitting_config(SIDE_PX), concepts=(concept,))
    folder = library.folder(name)
    save_record(folder.config_file, ModelRecord(family="sd1", native_resolution=SIDE_PX, config=config))
    return folder


def tell_training(library: Library, pictures: Path) -> ToldRun:
    """A training with everything that Output can show: previews, a checkpoint, warnings, curves."""
    told = ToldRun(library, MODEL, num_steps=40).begin()
    for message in ("first warning", "second warning", "third warning"):
        told.writer.write("warning", message=message)
    samples = library.folder(MODEL).path / "samples"
    samples.mkdir(exist_ok=True)
    for number, picture in enumerate(sorted(pictures.glob("*.png"))):
        first = 1 + 10 * number
        told.steps(first, first + 9, instance_loss=0.2, prior_loss=0.1, images_per_second=3.0)
        shutil.copyfile(picture, samples / picture.name)
        asked = {"prompt": f"a photo of a {picture.stem}", "seed": number, "step": first + 9}
        told.writer.write("sample", path=f"samples/{picture.name}", **asked)
    told.writer.write("checkpoint", step=30, path="checkpoints/my_robot_30.safetensors", moved={})
    return told.end(result={"step": 30, "num_steps": 40})
