"""The time of a step comes from earlier trainings with settings like these, and from no others."""

import json
from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.folders import ModelFolder
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed, config_to_json
from dreambooth.jobs.speed import SPEED_SETTINGS, find_seconds_per_step
from tests.config.test_store import other_value


@pytest.fixture
def write_run(tmp_path):
    """Writes a training of a model, whose steps took so many seconds each."""

    def write(name, config, *seconds) -> ModelFolder:
        run = tmp_path / "runs" / f"{name}-train"
        run.mkdir(parents=True)
        (run / "config.json").write_text(json.dumps({"job": "train", "config": config_to_json(config)}))
        times = [sum(seconds[: index + 1]) for index in range(len(seconds))]
        events = [{"event": "step", "time": 1e9 + time} for time in times]
        (run / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        return ModelFolder(tmp_path)

    return write


def test_a_step_takes_what_it_usually_took(write_run):
    folder = write_run("1", TrainConfig(), *[2.0] * 10, 60.0, *[2.0] * 10)
    assert find_seconds_per_step(folder, TrainConfig()) == 2


def test_what_does_not_matter_for_the_speed_may_differ(write_run):
    folder = write_run("1", TrainConfig(), *[2.0] * 10)
    config = changed(TrainConfig(), {"seed": "4", "optimizer.unet_lr": "1e-3", "duration.num_epochs": "3"})
    assert find_seconds_per_step(folder, config) == 2


@pytest.mark.parametrize("name", SPEED_SETTINGS)
def test_a_run_that_differs_in_what_matters_tells_nothing(write_run, name):
    folder = write_run("1", TrainConfig(), *[2.0] * 10)
    setting = next(each for each in describe_settings(TrainConfig) if each.name == name)
    assert find_seconds_per_step(folder, changed(TrainConfig(), {name: str(other_value(setting))})) is None


def test_class_images_and_text_encoders_matter_for_the_speed(write_run):
    folder = write_run("1", TrainConfig(), *[2.0] * 10)
    with_classes = replace(TrainConfig(), concepts=(Concept(num_class_images_per=1),))
    with_text = changed(TrainConfig(), {"parts.text_encoder_fraction": "0.5"})
    assert find_seconds_per_step(folder, with_classes) is find_seconds_per_step(folder, with_text) is None


def test_of_several_runs_the_last_counts(write_run):
    write_run("1", TrainConfig(), *[2.0] * 10)
    write_run("2", TrainConfig(), *[3.0] * 10)
    folder = write_run("3", changed(TrainConfig(), {"adapter": "lora"}), *[4.0] * 10)
    assert find_seconds_per_step(folder, TrainConfig()) == 3


def test_few_steps_tell_nothing(write_run):
    assert find_seconds_per_step(write_run("1", TrainConfig(), 2.0, 2.0, 2.0), TrainConfig()) is None


def test_torn_lines_and_unknown_runs_are_passed_over(write_run):
    folder = write_run("1", TrainConfig(), *[2.0] * 10)
    events = folder.runs / "1-train" / "events.jsonl"
    events.write_text(events.read_text() + '[1]\n{"event": "st\n{"event": "step", "ti')
    (folder.runs / "2-train").mkdir()
    (folder.runs / "3-train").mkdir()
    (folder.runs / "3-train" / "config.json").write_text('{"config": {"adapter": "none"}}')
    assert find_seconds_per_step(folder, TrainConfig()) == 2


def test_only_the_end_of_a_long_run_is_read(write_run):
    folder = write_run("1", TrainConfig(), *[9.0] * 20_000, *[2.0] * 9000)
    assert find_seconds_per_step(folder, TrainConfig()) == 2


def test_a_model_that_was_never_trained_tells_nothing(tmp_path):
    assert find_seconds_per_step(ModelFolder(tmp_path), TrainConfig()) is None
