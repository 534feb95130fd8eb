"""A worker that is killed: the model stays whole, and the run goes on to the same end, bit for bit."""

import random
import shutil
import time

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.events import EventReader
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library
from dreambooth.jobs.run_end import LOST
from dreambooth.jobs.runs import is_alive
from dreambooth.jobs.start import start_worker
from dreambooth.jobs.trainings import find_unfinished_training
from dreambooth.models.load import load_model
from tests.conftest import MODEL, do, weights_hash
from tests.training.conftest import with_fields, with_settings


def kill_after(run: RunFolder, kind: str, delay_seconds: float) -> list[dict]:
    """Start a worker, kill it some time after it has told of something; returns what its follower heard."""
    offset = run.events_file.stat().st_size if run.events_file.exists() else 0
    worker, heard = start_worker(run), []
    for event in follow(EventReader(run, offset), lambda: worker.poll() is None):
        heard.append(event)
        if event["event"] == kind and worker.poll() is None:
            time.sleep(delay_seconds)
            worker.kill()
            worker.wait()
    return heard


@pytest.fixture
def undisturbed_hash(library, tmp_path):
    """What the run makes of the model when it is left alone, in a copy of the models folder."""

    def find_hash(run: RunFolder) -> str:
        other = Library(shutil.copytree(library.path, tmp_path / "other"))
        assert do(RunFolder(other.folder(MODEL).runs / run.path.name))["outcome"] == "done"
        return weights_hash(other.folder(MODEL))

    return find_hash


def test_killed_training_goes_on_to_the_same_weights(begin, library, folder, config, undisturbed_hash):
    config = with_settings(
        with_fields(config, num_class_images_per=1),
        duration__max_steps=4,
        parts__text_encoder_fraction=0.5,
        ema__enabled=True,
        optimizer__name="adamw_8bit",
        saving__save_every_steps=1,
    )
    run = begin(config)
    expected = undisturbed_hash(run)
    for kind in ("class_image", "step"):
        assert kill_after(run, kind, random.uniform(0, 0.5))[-1] == LOST
        assert not is_alive(run)
        load_model(library.folder(MODEL).working)
        assert find_unfinished_training(folder).path == run.path
    assert do(run)["outcome"] == "done"
    assert weights_hash(folder) == expected
