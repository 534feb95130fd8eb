"""A workplace with one model that was never loaded: what is behind the page needs no weights."""

import time

import pytest
from PIL import Image

from dreambooth.actions.workplace import Workplace
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.jobs.library import Library
from tests.actions.workshop import FolderHost

NAME = "dog"


@pytest.fixture
def photos(tmp_path):
    """A folder for pictures."""
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture
def draw(photos):
    """Saves a picture in that folder, unlike its neighbours, with a caption when one is given."""

    def draw_picture(name, caption=None, size=(64, 64), colour="red", spot=8):
        path = photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", size, colour)
        picture.paste("white", (0, 0, spot, size[1]))
        picture.save(path)
        if caption is not None:
            path.with_suffix(".txt").write_text(caption, encoding="utf-8")
        return path

    return draw_picture


@pytest.fixture
def place(tmp_path, photos):
    """A library with a model of one concept, and a folder of uploads."""
    library = Library(tmp_path / "models" / "dreambooth")
    concept = Concept(
        instance_data_dir=str(photos), instance_prompt="a photo of sks dog", class_prompt="a photo of a dog"
    )
    config = TrainConfig(concepts=(concept,), data=DataConfig(resolution=64, bucket_step_px=8))
    save_record(library.folder(NAME).config_file, ModelRecord(family="sd1", config=config))
    (tmp_path / "uploads").mkdir()
    return Workplace(library, FolderHost(tmp_path), upload_folders=(tmp_path / "uploads",))


@pytest.fixture
def until_complete(place):
    """Asks an action as a page does, until its answer is complete."""

    def ask_until_complete(action, values):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            answer = action(place, values)
            if answer.get("complete", True):
                return answer
            time.sleep(0.05)
        raise AssertionError("never complete")

    return ask_until_complete
