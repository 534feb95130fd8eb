"""An average of the weights in the results of a training: in their place, or beside them."""

from dataclasses import replace

import pytest
import torch

from dreambooth.config.ema import EmaConfig
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.rules import find_problems
from dreambooth.models.create import read_source
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.names import EMA_PREFIX
from dreambooth.models.single_file import read_checkpoint
from dreambooth.models.working import read_extra, read_part
from tests.conftest import MODEL, do

KEY = "conv_in.weight"


@pytest.fixture
def averaging(config):
    """A training of the full model, fast enough that an average lags behind."""
    return replace(
        config, optimizer=OptimizerConfig(unet_lr=1e-2), saving=replace(config.saving, dtype="fp32")
    )


@pytest.fixture
def train(begin, folder, averaging):
    def train_with(placement) -> dict:
        config = replace(averaging, ema=EmaConfig(enabled=True, decay=0.5, placement=placement))
        assert do(begin(config))["outcome"] == "done"
        return folder.checkpoints / "toy_4.safetensors"

    return train_with


def unet_of(path, *, use_ema=False):
    return read_source(path, Wishes(use_ema=use_ema)).parts["unet"][KEY].make()


def test_in_the_place_of_the_weights_there_is_no_other(train, folder):
    path = train("main")
    assert not any(name.startswith(EMA_PREFIX) for name in read_checkpoint(path).shapes)
    assert torch.equal(unet_of(path), read_part(folder.working, "unet")[KEY])


def test_beside_the_weights_it_can_be_chosen(train, folder):
    path = train("beside")
    assert torch.equal(unet_of(path), read_part(folder.working, "unet")[KEY])
    assert not torch.equal(unet_of(path), unet_of(path, use_ema=True))
    assert sum(name.startswith(EMA_PREFIX) for name in read_checkpoint(path).shapes) == 686 + 2
    assert read_checkpoint(path).tensors[f"{EMA_PREFIX}num_updates"] == 4


def test_export_of_the_model_holds_it_too(train, perform, tmp_path):
    path, to = train("beside"), tmp_path / "x.safetensors"
    assert perform("export", to=str(to), format="checkpoint", dtype="fp32")["outcome"] == "done"
    assert torch.equal(unet_of(to, use_ema=True), unet_of(path, use_ema=True))


def test_later_training_does_not_keep_the_old_one(train, begin, folder, averaging):
    train("beside")
    assert do(begin(averaging))["outcome"] == "done"
    assert not any(name.startswith(EMA_PREFIX) for name in read_extra(folder.working))


def test_export_tells_how_far_the_last_training_moved_the_weights(train, perform, library, tmp_path):
    train("main")
    end = perform("export", to=str(tmp_path / "x.safetensors"), format="checkpoint", dtype="fp32")
    assert end["result"]["moved"] == library.load(MODEL).moved
    assert list(end["result"]["moved"]) == ["unet"]
    assert 0.001 < end["result"]["moved"]["unet"] < 10


def test_adapter_has_room_for_one(averaging):
    config = replace(averaging, adapter="lora", ema=EmaConfig(enabled=True, placement="beside"))
    assert [problem.setting for problem in find_problems(config)] == ["ema.placement"]
