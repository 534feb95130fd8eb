"""Two processes that train together: really started by ``accelerate launch``, on the processor, by gloo."""

import os
import signal
import threading
from dataclasses import replace

import psutil
import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.events import EventReader, read_events
from dreambooth.jobs.follow import follow
from tests.conftest import do, draw_photos, trained_weights, weights_hash
from tests.training.conftest import with_settings


def told(run: RunFolder, name: str) -> list:
    return [event[name] for event in read_events(run) if event["event"] == "step"]


def processes_of(run: RunFolder) -> dict[int, psutil.Process]:
    """The living processes of a run by their numbers."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        words = process.cmdline()
        if str(run.path) in words and "accelerate.commands.launch" not in words:
            found[int(process.environ()["RANK"])] = process
    return found


def kill_second_process(run: RunFolder, after_step: int) -> None:
    """Kill process 1 as soon as the run has told of a step."""

    def watch() -> None:
        for event in follow(EventReader(run), lambda: True):
            if event["event"] == "step" and event["step"] == after_step:
                os.kill(processes_of(run)[1].pid, signal.SIGKILL)
                return

    threading.Thread(target=watch, daemon=True).start()


@pytest.fixture
def shared(with_classes, tmp_path) -> TrainConfig:
    """A training of two processes in which batches differ in size and the last one is odd."""
    draw_photos(tmp_path / "photos", 6)
    draw_photos(tmp_path / "wide", 1, size=(96, 64))
    (tmp_path / "wide" / "0.png").rename(tmp_path / "photos" / "wide.png")
    return with_settings(
        with_classes,
        machines__num_processes=2,
        parts__text_encoder_fraction=1,
        data__gradient_accumulation_steps=2,
        duration__max_steps=4,
        saving__state_every_steps=1,
        ema__enabled=True,
    )


def test_two_processes_learn_as_one_with_the_doubled_batch(begin, folder, shared):
    alone = replace(shared, data=replace(shared.data, batch_size=2), machines=type(shared.machines)())
    run = begin(alone)
    assert do(run)["outcome"] == "done"
    ...
