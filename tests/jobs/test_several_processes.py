"""Two processes that train together on the processor, by gloo: really started by ``accelerate launch``."""

import multiprocessing
import os
import shutil
import socket
import threading
import time
from contextlib import suppress
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
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import read_job
from dreambooth.jobs.start import prepare_training
from dreambooth.launching import STARTER, read_endings
from dreambooth.tasks.together import be_one_of_several
from tests.conftest import MODEL, do, draw_photos, weights_hash
from tests.training.conftest import with_settings


def told(run: RunFolder, name: str) -> list:
    return [event[name] for event in read_events(run) if event["event"] == "step"]


def find_processes(run: RunFolder) -> dict[int, psutil.Process]:
    """The living processes of a run by their numbers."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended meanwhile
            variables = child.environ()
            if str(run.path) in child.cmdline() and "RANK" in variables:
                found[int(variables["RANK"])] = child
    return found


def kill_second_process(run: RunFolder) -> None:
    """Kill process 1 as soon as it is there."""
    while 1 not in (found := find_processes(run)):
        time.sleep(0.05)
    found[1].kill()


def be_process(number: int, run: RunFolder, port: int) -> None:
    """What the launcher does with each process that it starts."""
    told = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in told.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", STARTER: str(os.getppid())}
    be_one_of_several(run, read_job(run))


def do_by_two(run: RunFolder) -> list[str]:
    """Both processes without the launcher, from a server that has loaded torch once; how each ended."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["dreambooth.tasks.train", "dreambooth.tasks.together"])
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    both = [server.Process(target=be_process, args=[number, run, port]) for number in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    return [end["outcome"] for end in read_endings(run, 2).values()]


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> TrainConfig:
    """A training of two processes on both parts; in its second step the pictures differ in size."""
    place = tmp_path_factory.mktemp("pictures")
    draw_photos(place / "photos", 3)
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
        data=DataConfig(resolution=64, bucket_step_px=8),
        samples=SampleConfig(sample_at_end=False),
        machines=MachinesConfig(num_processes=2),
    )
    return with_settings(
        config,
        adapter="lora",
        lora__rank=2,
        duration__max_steps=3,
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
    assert told(undisturbed, "step") == [1, 2, 3]
    results = run_model(undisturbed).checkpoints.glob("*.safetensors")
    assert [path.name for path in results] == ["toy_3.safetensors"]


def test_stopped_training_of_two_goes_on_to_the_same_weights(begin_afresh, shared, undisturbed):
    run = begin_afresh(shared)
    ask(run, "stop_after_epoch")
    assert do_by_two(run) == ["stopped", "stopped"]
    assert told(run, "step") == [1, 2]
    assert do_by_two(run) == ["done", "done"]
    assert told(run, "loss") == told(undisturbed, "loss")
    assert learnt(run) == learnt(undisturbed)


def test_training_ends_with_a_word_and_leaves_nobody_when_a_process_is_killed(begin_afresh, shared):
    run = begin_afresh(shared)
    killing = threading.Thread(target=kill_second_process, args=[run], daemon=True)
    killing.start()
    end = do(run)
    killing.join()
    assert end["outcome"] == "failed"
    assert "worker.log" in end["message"]
    assert find_processes(run) == {}
