import hashlib

import pytest
import torch
from diffusers import StableDiffusionPipeline

from dreambooth.models.create import create_working, read_source
from dreambooth.models.export import export_checkpoint, export_diffusers_folder, relative_change
from dreambooth.models.load import load_model
from dreambooth.models.names import POSITION_IDS
from dreambooth.models.single_file import CheckpointError, read_checkpoint, write_checkpoint
from dreambooth.models.streaming import Planned
from dreambooth.models.working import open_working
from tests.models.random_checkpoint import METADATA


def opened(model):
    return open_working(model.working)


def part_weights(model):
    return {part: dict(module.state_dict()) for part, module in model.parts.items()}


def assert_bit_equal(read, expected):
    assert read.keys() == expected.keys()
    for name, tensor in expected.items():
        assert (read[name].dtype, read[name].shape) == (tensor.dtype, tensor.shape), name
        assert torch.equal(read[name], tensor), name


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_a_model_that_was_not_trained_comes_back_bit_for_bit(model, tensors, tmp_path, suffix):
    path = tmp_path / f"export{suffix}"
    exported = export_checkpoint(opened(model), part_weights(model), path, torch.float16, {})
    assert len(tensors) == 686 + 248 + 196 + 2
    assert tensors[POSITION_IDS].dtype == torch.int64
    assert_bit_equal(read_checkpoint(path).tensors, tensors)
    assert exported.moved == {"unet": 0.0, "text_encoder": 0.0}
    assert exported.num_tensors == len(tensors)


def test_an_export_is_a_source_again(model, tensors, tmp_path):
    export_checkpoint(opened(model), part_weights(model), tmp_path / "first.safetensors", torch.float16, {})
    create_working(read_source(tmp_path / "first.safetensors"), tmp_path / "working")
    again = load_model(tmp_path / "working")
    assert again.native_resolution == 64
    export_checkpoint(opened(again), {}, tmp_path / "second.safetensors", torch.float16, {})
    assert_bit_equal(read_checkpoint(tmp_path / "second.safetensors").tensors, tensors)


def test_a_source_without_anything_besides_its_weights_comes_back_alone(tensors, tmp_path):
    alone = {name: tensor for name, tensor in tensors.items() if name not in (POSITION_IDS, "betas")}
    write_checkpoint(tmp_path / "alone.safetensors", alone, METADATA)
    create_working(read_source(tmp_path / "alone.safetensors"), tmp_path / "working")
    export_checkpoint(open_working(tmp_path / "working"), {}, tmp_path / "x.safetensors", torch.float16, {})
    assert_bit_equal(read_checkpoint(tmp_path / "x.safetensors").tensors, alone)


def test_diffusers_reads_the_export(model, shared_working, tmp_path):
    path = tmp_path / "export.safetensors"
    weights = part_weights(model)
    weights["unet"]["conv_in.weight"] = weights["unet"]["conv_in.weight"] + 1
    export_checkpoint(opened(model), weights, path, torch.float32, {})
    pipeline = StableDiffusionPipeline.from_single_file(
        path,
        config=str(shared_working),
        safety_checker=None,
        local_files_only=True,
        dtype=torch.float32,
    )
    weights["vae"] = model.vae.state_dict()
    for part, expected in weights.items():
        assert_bit_equal(getattr(pipeline, part).state_dict(), expected)


def test_the_export_says_what_it_is(model, tmp_path):
    path = tmp_path / "robot.safetensors"
    export_checkpoint(
        opened(model),
        {},
        path,
        torch.float16,
        {"modelspec.author": "me", "modelspec.title": "Robot"},
    )
    metadata = read_checkpoint(path).metadata
    assert metadata["modelspec.architecture"] == "stable-diffusion-v1"
    assert metadata["modelspec.resolution"] == "64x64"
    assert metadata["modelspec.prediction_type"] == "epsilon"
    assert (metadata["modelspec.author"], metadata["modelspec.title"]) == ("me", "Robot")


def test_the_report_says_how_far_each_part_moved(model, tmp_path):
    weights = {"unet": {name: 1.5 * tensor for name, tensor in model.parts["unet"].state_dict().items()}}
    exported = export_checkpoint(opened(model), weights, tmp_path / "x.safetensors", torch.float16, {})
    assert exported.moved == {"unet": pytest.approx(0.5)}


def test_relative_change_of_all_tensors_together():
    before = {"a": torch.tensor([3.0]), "b": torch.tensor([4.0])}
    planned = {name: Planned.of(tensor) for name, tensor in before.items()}
    moved = {"a": torch.tensor([3.0]), "b": torch.tensor([5.0])}
    assert relative_change(moved, planned) == pytest.approx(0.2)
    assert relative_change(before, planned) == 0


def test_ema_of_the_source_is_left_out_once_the_unet_has_moved(tensors, tmp_path):
    ema = {
        "model_ema.decay": torch.tensor(0.9999),
        "model_ema.num_updates": torch.tensor(7, dtype=torch.int32),
    }
    write_checkpoint(tmp_path / "source.safetensors", {**tensors, **ema}, METADATA)
    create_working(read_source(tmp_path / "source.safetensors"), tmp_path / "working")
    model = load_model(tmp_path / "working")
    kept = export_checkpoint(
        opened(model), part_weights(model), tmp_path / "same.safetensors", torch.float16, {}
    )
    moved = {"unet": {name: 2 * tensor for name, tensor in model.parts["unet"].state_dict().items()}}
    left = export_checkpoint(opened(model), moved, tmp_path / "moved.safetensors", torch.float16, {})
    assert (kept.num_left_out, left.num_left_out) == (0, 2)
    assert not ema.keys() & read_checkpoint(tmp_path / "moved.safetensors").tensors.keys()


def test_values_too_large_for_the_dtype_are_refused(model, tmp_path):
    weights = part_weights(model)
    weights["unet"]["conv_in.bias"] = torch.full((32,), 1e6)
    with pytest.raises(CheckpointError, match="values too large for float16; choose fp32 or bf16"):
        export_checkpoint(opened(model), weights, tmp_path / "x.safetensors", torch.float16, {})
    assert [*tmp_path.iterdir()] == []


def test_incomplete_weights_are_refused(model, tmp_path):
    weights = part_weights(model)
    del weights["unet"]["conv_in.bias"]
    with pytest.raises(CheckpointError, match="not those of working"):
        export_checkpoint(opened(model), weights, tmp_path / "x.safetensors", torch.float16, {})


def test_the_diffusers_folder_can_be_loaded_and_trained_further(model, tmp_path):
    weights = part_weights(model)
    weights["unet"]["conv_in.bias"] = torch.ones(32)
    export_diffusers_folder(opened(model), weights, tmp_path / "folder", torch.float16)
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "folder", local_files_only=True)
    assert torch.equal(pipeline.unet.state_dict()["conv_in.bias"], torch.ones(32))
    assert load_model(tmp_path / "folder").parts["unet"].state_dict()["conv_in.bias"].sum() == 32
    assert not (tmp_path / "folder" / "extra.safetensors").exists()


def test_file_tells_the_hash_of_its_tensors(model, tmp_path):
    path = tmp_path / "x.safetensors"
    export_checkpoint(opened(model), {}, path, torch.float16, {})
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    told = read_checkpoint(path).metadata["modelspec.hash_sha256"]
    assert told == f"0x{hashlib.sha256(content[begin:]).hexdigest()}"
