"""Going back to a saved step of a model."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.events import ask, read_events
from dreambooth.jobs.start import prepare_run
from dreambooth.locks import file_lock
from dreambooth.models.single_file import write_checkpoint
from tests.conftest import MODEL, do, trained_weights, weights_hash
from tests.models.tiny import SD1, write_tiny
from tests.training.conftest import with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3, "saving__dtype": "fp32"}
FULL = {"saving__dtype": "fp32"}
FIRST, LAST = "checkpoints/toy_3.safetensors", "checkpoints/toy_4.safetensors"


@pytest.fixture
def train(begin, config):
    """Trains four steps, three of them an epoch, after which it saves; returns the run and how it ended."""

    def train_and_save(request=None, **settings):
        run = begin(with_settings(config, **{"saving__save_every_steps": 3, **settings}))
        if request:
            ask(run, request)
        return run, do(run)

    return train_and_save


@pytest.fixture
def restore(library, folder):
    """Goes back; returns the run and how it ended."""

    def go_back(weights, **asked):
        run = prepare_run(library, folder, "restore", {"weights": weights, **asked})
        return run, do(run)

    return go_back


def warnings(run: RunFolder) -> list[str]:
    return [event["message"] for event in read_events(run) if event["event"] == "warning"]


def put_aside(folder: ModelFolder) -> set[str]:
    """What the backups hold, beside earlier settings."""
    return {path.name for path in folder.backups.iterdir()} - {"settings"}


def test_adapter_of_a_saved_step_becomes_the_models_own(train, restore, library, folder):
    train(**LORA)
    last = load_file(folder.adapter_file)
    run, end = restore(FIRST)
    assert end["result"] == {"weights": FIRST, "steps": 3, "epochs": 1, "adapter": "lora"}
    saved, own = load_file(folder.path / FIRST), load_file(folder.adapter_file)
    assert own.keys() == saved.keys()
    assert all(torch.equal(own[name], saved[name]) for name in own)
    kept = load_file(folder.backups / "adapter-4.safetensors")
    assert all(torch.equal(kept[name], last[name]) for name in last)
    record = library.load(MODEL)
    assert (record.lifetime_steps, record.lifetime_epochs, record.adapter) == (3, 1, "lora")
    assert record.last_run == run.path.name
    assert warnings(run) == []


def test_training_goes_on_from_the_restored_adapter(train, restore, library, folder):
    train(**LORA)
    restore(FIRST)
    _, end = train(**{**LORA, "lora__unet_lr": 0})
    assert end["outcome"] == "done"
    saved, own = load_file(folder.path / FIRST), load_file(folder.adapter_file)
    name = "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"
    assert torch.equal(saved[name], own[name])
    assert library.load(MODEL).lifetime_steps == 7


def test_checkpoint_of_a_saved_step_becomes_the_models_own(train, restore, library, folder):
    train(**FULL, parts__text_encoder_fraction=0.5)
    last = weights_hash(folder)
    _, end = restore(FIRST)
    assert end["result"] == {"weights": FIRST, "steps": 3, "epochs": 1, "adapter": ""}
    assert weights_hash(folder) != last
    saved = load_file(folder.path / FIRST)["model.diffusion_model.out.2.weight"]
    assert torch.equal(trained_weights(folder)["unet conv_out.weight"], saved)
    assert (folder.backups / "working-4" / "model_index.json").exists()
    assert library.load(MODEL).lifetime_steps == 3
    assert not (folder.path / "restoring").exists()


def test_going_forth_again_is_the_same_weights(train, restore, folder):
    train(**FULL)
    last = trained_weights(folder)
    restore(FIRST)
    restore(LAST)
    again = trained_weights(folder)  # all of them in float32, as the checkpoint is
    assert all(torch.equal(again[name], tensor.to(again[name].dtype)) for name, tensor in last.items())
    assert sorted(put_aside(folder)) == ["working-3", "working-4"]
    restore(FIRST)
    assert (folder.backups / "working-4-2").exists()


def test_old_weights_are_not_kept_when_that_is_asked(train, restore, folder):
    train(**FULL)
    assert restore(FIRST, keep_old=False)[1]["outcome"] == "done"
    assert put_aside(folder) == set()
    assert not (folder.path / "restoring").exists()


def test_checkpoint_puts_the_adapter_aside(train, restore, library, folder):
    train(**FULL)
    train(**LORA, duration__max_steps=1)
    assert restore(FIRST)[1]["outcome"] == "done"
    assert not folder.adapter_file.exists()
    assert library.load(MODEL).adapter == ""
    assert put_aside(folder) == {"adapter-5.safetensors", "working-5"}


def test_adapter_that_comes_onto_other_weights_is_told(train, restore):
    train(**LORA)
    train(**FULL, adapter="none", duration__max_steps=1)
    run, end = restore(FIRST)
    assert end["outcome"] == "done"
    assert "other weights than those" in warnings(run)[0]


def test_older_state_cannot_be_resumed_afterwards(train, restore, folder):
    run, end = train("stop_after_epoch", **FULL)
    assert end["outcome"] == "stopped"
    restore(FIRST)
    before = weights_hash(folder)
    end = do(run)
    assert end["outcome"] == "refused"
    assert "trained on since" in end["message"]
    assert weights_hash(folder) == before


@pytest.fixture
def interrupted(train, restore, monkeypatch):
    """Goes back, and the disk fails at the n-th renaming."""

    def fail_at(number):
        train(**FULL)
        rename, calls = Path.rename, iter(range(100))

        def fail_once(path, target):
            if next(calls) == number:
                raise OSError(5, "the disk is gone")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail_once)
        _, end = restore(FIRST)
        monkeypatch.undo()
        return end["outcome"]

    return fail_at


@pytest.mark.parametrize(("number", "is_certain"), [(0, False), (1, False), (2, True), (3, True)])
def test_model_is_one_or_the_other_wherever_going_back_fails(
    interrupted, perform, library, folder, number, is_certain
):
    assert interrupted(number) == "failed"
    perform("check")
    own = trained_weights(folder)["unet conv_out.weight"]
    step = FIRST if is_certain else LAST
    assert torch.equal(own, load_file(folder.path / step)["model.diffusion_model.out.2.weight"])
    assert library.load(MODEL).lifetime_steps == (3 if is_certain else 4)
    assert (folder.backups / "working-4").exists() is is_certain
    assert not (folder.path / "restoring").exists()


def test_file_whose_run_is_gone_is_counted_by_its_name(train, restore, library, folder):
    train(**LORA)
    (folder.path / FIRST).rename(folder.checkpoints / "mine_300.safetensors")
    run, end = restore("checkpoints/mine_300.safetensors")
    assert (end["outcome"], library.load(MODEL).lifetime_steps, library.load(MODEL).lifetime_epochs) == (
        "done",
        300,
        1,
    )
    assert "their count stays 1" in warnings(run)[0]


def test_file_of_which_nothing_is_known_is_refused(train, restore, folder):
    train(**LORA)
    (folder.path / FIRST).rename(folder.checkpoints / "mine.safetensors")
    assert "nobody knows at which step" in restore("checkpoints/mine.safetensors")[1]["message"]


def other_model(folder):
    folder.checkpoints.mkdir()
    write_tiny(folder.checkpoints / "x_1.safetensors", SD1)


def no_adapter(folder):
    folder.checkpoints.mkdir()
    write_checkpoint(folder.checkpoints / "x_1.safetensors", {"lora_unet_nowhere.diff": torch.ones(2, 2)}, {})


def other_shape(folder):
    folder.checkpoints.mkdir()
    name = "lora_unet_mid_block_attentions_0_proj_in"
    tensors = {
        f"{name}.lora_down.weight": torch.ones(2, 7, 1, 1),
        f"{name}.lora_up.weight": torch.ones(9, 2, 1, 1),
    }
    write_checkpoint(folder.checkpoints / "x_1.safetensors", tensors, {})


def nothing(folder):
    assert not folder.checkpoints.exists()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (other_model, "another kind of model"),
        (no_adapter, "no adapter for this kind of model"),
        (other_shape, "does not fit this model"),
        (nothing, "any more"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_model_left_alone(restore, library, folder, make, told):
    make(folder)
    before, record = weights_hash(folder), library.load(MODEL)
    _, end = restore("checkpoints/x_1.safetensors")
    assert end["outcome"] == "refused"
    assert told in end["message"]
    assert (weights_hash(folder), library.load(MODEL)) == (before, record)


def test_model_that_is_being_trained_is_left_alone(train, restore):
    run, _ = train(**LORA)
    with file_lock(run.lock_file, lambda: None):
        _, end = restore(FIRST)
    assert end["outcome"] == "refused"
    assert "is being trained" in end["message"]
