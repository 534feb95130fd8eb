"""A place to work in, with models that have settings and no weights."""

from dataclasses import replace
from pathlib import Path

from dreambooth.actions.workplace import Workplace
from dreambooth.config.concept import Concept
from dreambooth.config.fitting import fitting_config
from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.jobs.library import Library
from tests.actions.workshop import workplace


def make_place(folder: Path, **models: str) -> Workplace:
    """Models by name, each of a family; their one concept has a folder without pictures."""
    photos = folder / "photos"
    photos.mkdir()
    for name, family in models.items():
        resolution = 1024 if family == "sdxl" else 512
        concept = Concept(
            instance_data_dir=str(photos),
            instance_prompt="a photo of sks dog",
            class_prompt="a photo of a dog",
        )
        config = replace(fitting_config(resolution), concepts=(concept,))
        record = ModelRecord(family=family, native_resolution=resolution, config=config)
        save_record(ModelFolder(folder / "models" / name).config_file, record)
    return workplace(Library(folder / "models"))
