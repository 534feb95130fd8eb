"""Pausing, resuming and changing whole trainings; going back to snapshots; averages on request."""

import threading

import pytest
import torch
from safetensors.torch import load_file

from dreambooth.cli import main
from dreambooth.config.folders import RunFolder
from dreambooth.config.live import load_changes
from dreambooth.config.store import ConfigError, Conflict
from dreambooth.events import EventReader, ask, find_end, read_events
from dreambooth.jobs import control
from dreambooth.jobs.control import change_training, current_config, keep_changes
from dreambooth.jobs.follow import follow
from dreambooth.jobs.run_judgement import judge_run
from dreambooth.jobs.run_status import describe_status, find_status
from dreambooth.jobs.run_story import RunStory
from dreambooth.jobs.run_views import RunView
from dreambooth.jobs.runs import read_job
from dreambooth.jobs.start import change_run
from dreambooth.jobs.trainings import (
    find_asked_training,
    find_changeable,
    find_interrupted,
    find_resumable,
    is_paused,
)
from dreambooth.tasks import saves
from tests.conftest import MODEL, do, weights_hash
from tests.training.conftest import with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3}


@pytest.fixture
def paused(begin, config) -> RunFolder:
    """A training that was paused after its first step."""
    run = begin(with_settings(config, **LORA))
    run.requests.mkdir(parents=True)
    _ask_after_first_step(run, "pause")
    assert do(run)["outcome"] == "paused"
    return run


def _ask_after_first_step(run, request):
    def watch():
        for event in follow(EventReader(run), lambda: True):
            if event["event"] == "step":
                ask(run, request)
                return

    threading.Thread(target=watch, daemon=True).start()


def test_paused_training_leaves_the_model_as_it_is_and_goes_on(paused, library, folder):
    before = weights_hash(folder)
    assert find_end(paused)["outcome"] == "paused"
    assert is_paused(paused)
    assert library.load(MODEL).lifetime_steps == 0
    assert not any(event["event"] == "checkpoint" for event in read_events(paused))
    assert find_interrupted(library, MODEL)["is_paused"]
    told = RunView(paused).tell("toy/run", None)
    assert (told["status"], told["words"].startswith("paused at step")) == ("paused", True)
    assert find_resumable(library, MODEL) == paused
    assert do(paused)["outcome"] == "done"
    assert weights_hash(folder) != before
    assert library.load(MODEL).lifetime_steps == 4
    assert not is_paused(paused)


def test_pause_before_the_first_step_is_a_pause_too(begin, config):
    run = begin(with_settings(config, **LORA))
    ask(run, "pause")
    assert do(run)["outcome"] == "paused"
    (run.requests / "pause").unlink(missing_ok=True)
    assert do(run)["outcome"] == "done"


def test_paused_training_can_be_changed_and_its_model_too(paused, library):
    run = find_changeable(library, MODEL)
    assert run == paused
    change_training(run, {"lora.unet_lr": 5e-4})
    assert change_training(run, {"saving.keep_last": 1}) == {"lora.unet_lr": 5e-4, "saving.keep_last": 1}
    keep_changes(library, MODEL, {"lora.unet_lr": 5e-4})
    assert library.load(MODEL).config.lora.unet_lr == 5e-4
    with pytest.raises(Conflict, match="paused: let it resume first"):
        find_asked_training(library, MODEL)
    with pytest.raises(ConfigError, match=r"data\.resolution: cannot change"):
        change_training(run, {"data.resolution": 32})
    assert do(paused)["outcome"] == "done"
    assert current_config(paused).saving.keep_last == 1
    with pytest.raises(Conflict, match="not under way"):
        change_training(paused, {"saving.keep_last": 2})
    with pytest.raises(Conflict):
        find_changeable(library, MODEL)


def test_settings_that_are_given_for_the_whole_run_take_the_place_of_changes(paused):
    change_training(paused, {"saving.keep_last": 1})
    do(paused)
    assert [change.values for change in load_changes(paused)] == [{"saving.keep_last": 1}]
    change_run(paused, {"saving.keep_last": "7"})
    assert current_config(paused).saving.keep_last == 7


def test_command_line_changes_and_resumes(paused, library, capsys, monkeypatch):
    begun = []
    monkeypatch.setattr(control, "start_worker", begun.append)
    told = ["--models-dir", str(library.path), "ask", MODEL]
    assert main([*told, "change", "--set", "lora.unet_lr=0.0005", "--keep"]) == 0
    assert "from the next step on lora.unet_lr=0.0005" in capsys.readouterr().out
    assert library.load(MODEL).config.lora.unet_lr == 5e-4
    assert main([*told, "change", "--set", "seed=5"]) == 2
    assert main([*told, "pause", "--set", "seed=5"]) == 2
    assert "belongs to change" in capsys.readouterr().err
    assert main([*told, "resume"]) == 0
    assert begun == [paused]


def test_snapshot_is_a_model_that_one_can_go_back_to(begin, config, folder, perform, library):
    settings = {"saving__save_every_steps": 2, "saving__during": "both", "saving__at_end": "both"}
    run = begin(with_settings(config, optimizer__name="adamw", saving__dtype="fp32", **settings))
    end = do(run)
    assert end["result"]["snapshot"] == str(folder.snapshots / "toy_4")
    snapshot = folder.snapshots / "toy_2" / "unet" / "diffusion_pytorch_model.safetensors"
    assert perform("restore", weights="snapshots/toy_2")["result"]["steps"] == 2
    assert library.load(MODEL).lifetime_steps == 2
    own, theirs = load_file(folder.working / "unet" / snapshot.name), load_file(snapshot)
    assert all(torch.equal(own[name], theirs[name]) for name in theirs)
    assert judge_run(run, folder.path)["saves"][0]["paths"] == [
        str(folder.checkpoints / "toy_2.safetensors"),
        str(folder.snapshots / "toy_2"),
    ]


def test_saves_are_told_on_the_command_line_and_gone_back_to_by_their_step(
    begin, config, library, capsys, monkeypatch
):
    do(begin(with_settings(config, **LORA, saving__save_every_steps=2)))
    told = ["--models-dir", str(library.path)]
    assert main([*told, "saves", MODEL]) == 0
    out = capsys.readouterr().out
    assert "step 4: checkpoints/toy_4.safetensors\nstep 2: checkpoints/toy_2.safetensors" in out
    assert "Nothing measures these steps yet" in out
    asked = []
    monkeypatch.setattr("dreambooth.commands.run_job", lambda run, *_: asked.append(run) or 0)
    assert main([*told, "restore", MODEL, "2"]) == 0
    assert '"weights": "checkpoints/toy_2.safetensors"' in asked[0].config_file.read_text()
    assert main([*told, "restore", MODEL, "3"]) == 2
    assert "has no saved step 3" in capsys.readouterr().err


def test_full_disk_costs_a_save_and_not_the_training(begin, config, folder, monkeypatch):
    run = begin(with_settings(config, **LORA, saving__save_every_steps=1, duration__max_steps=2))
    write = saves.write_checkpoint_file

    def full_at_first(a_run, path, record):
        monkeypatch.setattr("dreambooth.models.streaming.SPARE_BYTES", 2**62 if a_run.step == 1 else 0)
        try:
            return write(a_run, path, record)
        finally:
            monkeypatch.setattr("dreambooth.models.streaming.SPARE_BYTES", 0)

    monkeypatch.setattr(saves, "write_checkpoint_file", full_at_first)
    assert do(run)["outcome"] == "done"
    assert [path.name for path in folder.checkpoints.glob("*.safetensors")] == ["toy_2.safetensors"]
    (warning,) = [event for event in read_events(run) if event["event"] == "warning"]
    assert warning["message"].startswith("the save of step 1 is left out:")


def test_averaged_weights_can_be_exported(begin, config, perform, tmp_path):
    average = {"ema__enabled": True, "ema__placement": "beside", "ema__decay": 0.5, "saving__dtype": "fp32"}
    do(begin(with_settings(config, optimizer__name="adamw", duration__max_steps=2, **average)))
    files = {}
    for use_ema in (False, True):
        files[use_ema] = tmp_path / f"{use_ema}.safetensors"
        end = perform("export", to=str(files[use_ema]), format="checkpoint", dtype="fp32", use_ema=use_ema)
        assert end["outcome"] == "done"
    trained, averaged = load_file(files[False]), load_file(files[True])
    name = "model.diffusion_model.out.2.weight"
    beside = trained["model_ema." + name.removeprefix("model.").replace(".", "")]
    assert torch.equal(averaged[name], beside)
    assert not torch.equal(averaged[name], trained[name])
    assert not any(name.startswith("model_ema.") for name in averaged)


def test_model_without_an_average_is_told_so(perform, tmp_path):
    end = perform(
        "export", to=str(tmp_path / "x.safetensors"), format="checkpoint", dtype="fp16", use_ema=True
    )
    assert (end["outcome"], "holds no average beside its weights" in end["message"]) == ("refused", True)


def test_status_of_a_run_that_rests(begin, config):
    run = begin(config)
    story = RunStory(read_job(run), run.path, 0)
    step = {
        "event": "step",
        "time": 1,
        "step": 3,
        "num_steps": 9,
        "lifetime_step": 3,
        "epoch": 1,
        "loss": 0.1,
    }
    for event in (
        {"event": "work", "time": 0, "job": "train", "pid": 1},
        {"event": "start", "time": 0, "step": 0, "num_steps": 9, "device": "cpu"},
        step,
        {"event": "resting", "time": 2, "step": 3, "seconds": 60},
    ):
        story.take(event)
    status = find_status(run, story, was_alive=True)
    assert describe_status(status, story) == "resting for 60 s at step 3 of 9"
    story.take({**step, "step": 4, "lifetime_step": 4})
    assert describe_status(status, story) == "training: step 4 of 9"
