"""Saved steps written for use elsewhere, as the model as it is can be."""

import pytest
import torch
from safetensors.torch import load_file

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 0.03, "saving__dtype": "fp32"}
FULL = {"optimizer__unet_lr": 1e-3, "saving__dtype": "fp32"}
FIRST, LAST = "checkpoints/toy_2.safetensors", "checkpoints/toy_4.safetensors"


@pytest.fixture
def export(perform, tmp_path):
    """Exports in full precision; returns the tensors of the file."""

    def written(form="checkpoint", **asked):
        to = tmp_path / "out.safetensors"
        end = perform("export", to=str(to), format=form, dtype="fp32", **asked)
        assert end["outcome"] == "done", end
        return load_file(to)

    return written


def are_same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("weights", [FIRST, LAST])
def test_saved_checkpoint_is_written_as_it_is(train, export, folder, weights):
    train(**FULL)
    assert are_same(export(weights=weights), load_file(folder.path / weights))


@pytest.mark.parametrize("weights", [FIRST, LAST])
def test_saved_adapter_is_written_alone(train, export, folder, weights):
    train(**LORA)
    assert are_same(export("lora", weights=weights), load_file(folder.path / weights))


def test_saved_adapter_becomes_part_of_a_checkpoint(train, export):
    before = export()
    train(**LORA)
    assert are_same(export(weights=LAST), export())
    assert not are_same(export(weights=FIRST), export())
    assert not are_same(export(weights=FIRST), before)


def test_file_tells_the_step_that_it_is_of(train, export, tmp_path):
    train(**LORA)
    export(weights=FIRST)
    card = (tmp_path / "out.json").read_text()
    assert "2 steps" in card
    assert "4 steps" not in card


@pytest.mark.parametrize(
    ("form", "weights", "told"),
    [
        ("lora", FIRST, "toy_2.safetensors of toy has no LoRA"),
        (
            "checkpoint",
            "checkpoints/toy_3.safetensors",
            "toy has no saved step checkpoints/toy_3.safetensors",
        ),
        ("checkpoint", "db_config.json", "db_config.json is no saved step of toy"),
    ],
)
def test_what_is_not_there_is_refused(train, perform, tmp_path, form, weights, told):
    train(**FULL)
    to = tmp_path / "out.safetensors"
    end = perform("export", to=str(to), format=form, dtype="fp16", weights=weights)
    assert end["outcome"] == "refused"
    assert told in end["message"]
    assert not to.exists()
