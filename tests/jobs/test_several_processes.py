"""Two processes that train together: really started by ``accelerate launch``, on the processor, by gloo."""

import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.folders import RunFolder
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.samples import SampleConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.events import EventReader, read_events
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_training
from tests.conftest import MODEL, do, draw_photos, weights_hash
from tests.training.conftest import with_settings


def told(run: RunFolder, name: str) -> list:
    return [event[name] for event in read_events(run) if event["event"] == "step"]


def processes_of(run: RunFolder) -> dict[int, psutil.Process]:
    """The living processes of a run by their numbers."""
    launched = [
        child for child in psutil.Process().children(recursive=True) if str(run.path) in child.cmdline()
    ]
    return {int(each.environ()["RANK"]): each for each in launched if "RANK" in each.environ()}


def after_step(run: RunFolder, step: int, action) -> None:
    """Do something as soon as the run has told of a step."""

    def watch() -> None:
        for event in follow(EventReader(run), lambda: True):
            if event["event"] == "step" and event["step"] == step:
                action()
                return

    threading.Thread(target=watch, daemon=True).start()


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> TrainConfig:
    """A training of two processes, with sizes and steps of odd numbers, and dropout."""
    place = tmp_path_factory.mktemp("pictures")
    draw_photos(place / "photos", 6)
    draw_photos(place / "wide", 1, size=(96, 64))
    (place / "wide" / "0.png").rename(place / "photos" / "wide.png")
    concept = Concept(
        instance_data_dir=str(place / "photos"),
        instance_prompt="a photo of a sks robot",
        class_prompt="a photo of a robot",
        class_data_dir=str(draw_photos(place / "classes", 6)),
        num_class_images_per=1,
    )
    config = TrainConfig(
        concepts=(concept,),
        data=DataConfig(resolution=64, bucket_step_px=8, gradient_accumulation_steps=2),
        samples=SampleConfig(sample_at_end=False),
        machines=MachinesConfig(num_processes=2),
    )
    return with_settings(
        config,
        duration__max_steps=4,
        parts__text_encoder_fraction=0.5,
        augment__flip_probability=0.5,
        noise__offset_noise=0.1,
        saving__state_every_steps=1,
        ema__enabled=True,
    )


@pytest.fixture(scope="module")
def begin_afresh(made_models, tmp_path_factory):
    """Prepares a training of a model that was never trained."""

    def begin(config: TrainConfig) -> RunFolder:
        place = tmp_path_factory.mktemp("fresh") / "models"
        library = Library(Path(shutil.copytree(made_models, place, copy_function=os.link)))
        library.save_config(MODEL, config)
        return prepare_training(library, MODEL, library.load(MODEL), config)

    return begin


@pytest.fixture(scope="module")
def undisturbed(begin_afresh, shared) -> RunFolder:
    """The training of two processes, done."""
    run = begin_afresh(shared)
    succeed(run)
    return run


def succeed(run: RunFolder) -> None:
    end = do(run)
    assert (end["outcome"], end.get("message")) == ("done", None)


def learnt(run: RunFolder) -> str:
    return weights_hash(run_model(run))


def run_model(run: RunFolder):
    return Library(run.path.parents[2]).folder(MODEL)


def test_two_processes_learn_as_one_with_the_doubled_batch(begin_afresh, shared, undisturbed):
    data = replace(shared.data, batch_size=2 * shared.data.batch_size)
    alone = begin_afresh(replace(shared, data=data, machines=MachinesConfig()))
    succeed(alone)
    for curve in ("loss", "instance_loss", "prior_loss", "grad_norm"):
        assert told(undisturbed, curve) == pytest.approx(told(alone, curve), rel=1e-5)
    assert told(undisturbed, "epoch") == told(alone, "epoch")


def test_the_first_process_tells_and_writes(undisturbed):
    start = next(event for event in read_events(undisturbed) if event["event"] == "start")
    assert start["processes"] == 2
    assert told(undisturbed, "step") == [1, 2, 3, 4]
    results = run_model(undisturbed).checkpoints.glob("*.safetensors")
    assert [path.name for path in results] == ["toy_4.safetensors"]


def test_killed_process_ends_the_training_which_goes_on_to_the_same_weights(
    begin_afresh, shared, undisturbed
):
    run = begin_afresh(shared)
    after_step(run, 2, lambda: processes_of(run)[1].send_signal(signal.SIGKILL))
    end = do(run)
    assert end["outcome"] == "failed"
    assert "was killed" in end["message"]
    assert processes_of(run) == {}
    succeed(run)
    assert learnt(run) == learnt(undisturbed)
