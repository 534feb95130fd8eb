"""No control without effect: what is saved, shown and averaged, and when."""

import json
import threading

import pytest
import torch
from PIL import Image

from dreambooth.config.saving import SavingConfig
from dreambooth.events import EventWriter, ask, read_events_of
from dreambooth.tasks.job import Job
from dreambooth.tasks.saves import Saves
from dreambooth.training.ema import average_device
from dreambooth.training.run import Before
from dreambooth.training.views import planned_views
from tests.conftest import do
from tests.training.conftest import averaged_hash, train_steps, with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3}
SOON = 1e-6  # minutes

# What is due, in a run of eight steps over three pictures: name → (value, others, saves, samples).
DUE = {
    "saving.save_every_minutes": (SOON, {}, [1, 2, 3, 4, 5, 6, 7], []),
    "samples.sample_every_minutes": (SOON, {}, [], [1, 2, 3, 4, 5, 6, 7]),
    "saving.save_from_epoch": (1, {"saving__save_every_steps": 2}, [4, 6], []),
    "saving.count_lifetime": (True, {"saving__save_every_steps": 4}, [3, 7], []),
    "saving.during": ("nothing", {"saving__save_every_steps": 2}, [], []),
}

# What lies in the model's folder after a run of two steps: name → (value, files).
WRITTEN = {
    "saving.during": ("snapshot", ["checkpoints/toy_2.safetensors", "snapshots/toy_1"]),
    "saving.at_end": (
        "both",
        ["checkpoints/toy_1.safetensors", "checkpoints/toy_2.safetensors", "snapshots/toy_2"],
    ),
}
PROVEN = {*DUE, *WRITTEN} | {
    "duration.pause_every_epochs",  # both in tests/training/test_changes.py, where a device rests
    "duration.pause_seconds",
    "saving.on_stop",
    "saving.keep_best",
    "samples.judge_saves",
    "samples.overfitting_prompt",
    "ema.text_encoders",
    "ema.update_every",
    "ema.device",
    "ema.show",
}


@pytest.mark.parametrize("name", DUE)
def test_setting_makes_something_due_or_not(make_run, config, name):
    value, others, saves, samples = DUE[name]
    settings = {**LORA, **others, "duration__max_steps": 8, name.replace(".", "__"): value}
    run, told = make_run(with_settings(config, **settings))
    run.before = Before(steps=5, epochs=1)
    assert run.train() == "done"
    assert (told.saves, told.samples) == (saves, samples)


def written(folder) -> list[str]:
    """Results and snapshots of the model."""
    files = [*folder.checkpoints.glob("*.safetensors"), *folder.snapshots.glob("*")]
    return sorted(path.relative_to(folder.path).as_posix() for path in files)


@pytest.mark.parametrize("name", WRITTEN)
def test_setting_says_what_is_written(begin, folder, config, name):
    value, files = WRITTEN[name]
    config = with_settings(config, **LORA, duration__max_steps=2, saving__save_every_steps=1)
    end = do(begin(with_settings(config, **{name.replace(".", "__"): value})))
    assert end["outcome"] == "done"
    assert written(folder) == files
    assert (folder.snapshots / files[-1].rpartition("/")[2] / "model_index.json").is_file()


@pytest.mark.parametrize(
    ("on_stop", "at_end", "files"),
    [
        ("as_at_end", "result", ["checkpoints/toy_1.safetensors"]),
        ("as_at_end", "nothing", []),
        ("nothing", "result", []),
    ],
)
def test_stopped_training_writes_what_is_wanted_of_it(begin, folder, config, on_stop, at_end, files):
    run = begin(with_settings(config, **LORA, saving__on_stop=on_stop, saving__at_end=at_end))
    (run.requests).mkdir(parents=True)
    ask(run, "stop_after_epoch")
    end = do(run)
    assert end["outcome"] == "stopped"
    assert [name.replace("toy_3", "toy_1") for name in written(folder)] == files


class StandingRun:
    """As much of a run as says which step is saved, and by which settings."""

    def __init__(self, step, saving):
        self.step = step
        self.learner = type("Standing", (), {"config": type("Config", (), {"saving": saving})()})()


@pytest.mark.parametrize(("keep_best", "left"), [(0, [4]), (1, [2, 4])])
def test_best_step_stays(begin, config, folder, keep_best, left):
    run = begin(config)
    told = [("checkpoint", step, {"path": f"checkpoints/toy_{step}.safetensors"}) for step in (1, 2, 3, 4)]
    told += [("validation", step, {"loss": loss}) for step, loss in ((1, 0.5), (2, 0.2), (3, 0.3), (4, 0.4))]
    folder.checkpoints.mkdir(exist_ok=True)
    for kind, step, values in told:
        if kind == "checkpoint":
            (folder.path / values["path"]).touch()
        with run.events_file.open("a") as file:
            file.write(json.dumps({"event": kind, "time": 0, "step": step, **values}) + "\n")
    saves = Saves(_job_of(run))
    saves.write(StandingRun(4, SavingConfig(keep_last=1, keep_best=keep_best)), "nothing", None)
    assert written(folder) == [f"checkpoints/toy_{step}.safetensors" for step in left]


def _job_of(run):
    return Job(run, json.loads(run.config_file.read_text()), EventWriter(run), threading.Event())


def test_saves_are_judged_by_pictures_when_it_is_wanted(begin, folder, config):
    judged = with_settings(
        config, **LORA, duration__max_steps=2, saving__save_every_steps=1, samples__judge_saves=True
    )
    run = begin(judged)
    assert do(run)["outcome"] == "done"
    told = read_events_of(run, "judged")
    assert [event["step"] for event in told] == [0, 1, 2]
    assert told[0]["drift"] is None
    assert all(event["drift"] >= 0 for event in told[1:])
    assert len(told[-1]["pictures"]) == 4
    with Image.open(folder.path / told[-1]["grid"]) as grid:
        assert grid.height > 3 * 224
    assert read_events_of(run, "summary")[-1]["verdict"].startswith("Ordinary pictures")


def test_nobody_judges_by_default(begin, config):
    run = begin(with_settings(config, **LORA, duration__max_steps=1))
    assert do(run)["outcome"] == "done"
    assert read_events_of(run, "judged") == []


def test_overfitting_prompt_is_drawn(config):
    config = with_settings(config, samples__overfitting_prompt="{prompt} upside down")
    prompts = [view.preview.wish.prompt for view in planned_views(config, ["x"], [""])]
    assert "a photo of a sks robot upside down" in prompts


TEXT = {"parts__text_encoder_fraction": 1, "ema__enabled": True}


def averaged_after(make_run, config, name, **settings):
    run, _ = make_run(with_settings(config, **TEXT, ema__decay=0.5, **settings), name)
    train_steps(run.learner, run.dataset, 2)
    run.ema.update(0)
    return run


def test_text_encoders_are_averaged_when_it_is_wanted(make_run, config):
    alone = averaged_after(make_run, config, "alone", **LORA)
    both = averaged_after(make_run, config, "both", **LORA, ema__text_encoders=True)
    assert len(both.ema.average) > len(alone.ema.average)
    assert averaged_hash(both) != averaged_hash(alone)


def test_average_is_updated_as_often_as_it_is_wanted(make_run, config):
    def average(every):
        settings = {"ema__enabled": True, "ema__update_every": every, "duration__max_steps": 3}
        run, _ = make_run(with_settings(config, **LORA, **settings), f"every {every}")
        before = averaged_hash(run)
        run.train()
        return before, averaged_hash(run)

    (first, always), (_, second), (_, never) = average(1), average(2), average(4)
    assert never == first  # not once in three steps
    assert len({first, always, second}) == 3


def test_average_lies_where_it_is_wanted(config):
    gpu = torch.device("cuda", 0)
    assert average_device(config.ema, gpu) == gpu
    assert average_device(with_settings(config, ema__device="cpu").ema, gpu) == torch.device("cpu")


@pytest.mark.parametrize(
    ("show", "weights", "pictures"),
    [("average", [None], 1), ("trained", ["trained"], 1), ("both", ["average", "trained"], 2)],
)
def test_previews_show_the_weights_that_are_wanted(begin, folder, config, show, weights, pictures):
    config = with_settings(
        config,
        **LORA,
        ema__enabled=True,
        ema__show=show,
        duration__max_steps=2,
        samples__sample_at_end=True,
    )
    run = begin(config)
    assert do(run)["outcome"] == "done"
    told = read_events_of(run, "sample")
    assert [event.get("weights") for event in told] == weights
    assert len({(folder.path / event["path"]).read_bytes() for event in told}) == pictures
