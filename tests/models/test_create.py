import json
import os
import shutil
from collections import namedtuple

import pytest
import torch
from diffusers import DiffusionPipeline
from transformers import CLIPTokenizer

from dreambooth.models.appearing import folder_appearing_whole
from dreambooth.models.create import create_working, read_source
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.load import load_model
from dreambooth.models.names import POSITION_IDS, ema_name
from dreambooth.models.single_file import CheckpointError, read_checkpoint, write_checkpoint
from dreambooth.models.tokenizer import clip_tokenizer
from dreambooth.models.working import read_extra, read_part
from tests.models.random_checkpoint import METADATA, build_parts

CAPTION = "A photo of sks' robot, 3 hats — naïve ☃ <|endoftext|>!"


@pytest.fixture(scope="module")
def pipeline(shared_working):
    return DiffusionPipeline.from_pretrained(
        shared_working, safety_checker=None, dtype=torch.float32, local_files_only=True
    )


def test_diffusers_loads_the_folder_with_the_same_weights(pipeline):
    for part, module in build_parts().items():
        loaded = getattr(pipeline, part).state_dict()
        expected = {key: tensor.half().float() for key, tensor in module.state_dict().items()}
        assert loaded.keys() == expected.keys()
        assert all(torch.equal(loaded[key], expected[key]) for key in expected)


def test_the_pipeline_draws(pipeline):
    settings = {"num_inference_steps": 2, "output_type": "np", "height": 64, "width": 64}
    assert pipeline(CAPTION, **settings).images.shape == (1, 64, 64, 3)


def test_heads_and_activation_are_those_of_stable_diffusion_15(pipeline):
    attention = pipeline.unet.down_blocks[0].attentions[0].transformer_blocks[0].attn1
    assert attention.heads == 8
    assert pipeline.text_encoder.config.hidden_act == "quick_gelu"
    assert pipeline.text_encoder.config.num_attention_heads == 1
    assert type(pipeline.scheduler).__name__ == "PNDMScheduler"


def test_the_tokenizer_on_disk_is_ours(pipeline):
    expected = clip_tokenizer()(CAPTION, padding="max_length").input_ids
    assert pipeline.tokenizer(CAPTION, padding="max_length").input_ids == expected


def test_the_tokenizer_needs_no_more_than_vocabulary_and_merges(shared_working, tmp_path):
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(shared_working / "tokenizer" / name, tmp_path / name)
    assert CLIPTokenizer.from_pretrained(tmp_path)(CAPTION).input_ids == clip_tokenizer()(CAPTION).input_ids


def test_the_dtype_of_the_source_is_kept(source, tmp_path):
    created = create_working(read_source(source), tmp_path / "working")
    assert (created.source_name, created.dtype, created.num_extra) == ("toy.safetensors", "float16", 2)
    assert {tensor.dtype for tensor in read_part(tmp_path / "working", "unet").values()} == {torch.float16}


def test_tensors_without_a_place_are_kept_aside(tensors, tmp_path):
    extra = {
        "model_ema.num_updates": torch.tensor(7, dtype=torch.int32),
        "v_pred": torch.zeros(0),
        "model.diffusion_model.middle_block.1.adapter.weight": torch.ones(3),
    }
    write_checkpoint(tmp_path / "x.ckpt", {**tensors, **extra}, METADATA)
    created = create_working(read_source(tmp_path / "x.ckpt"), tmp_path / "working")
    kept = read_extra(tmp_path / "working")
    assert kept.keys() == {*extra, "betas", POSITION_IDS}
    assert all(torch.equal(kept[name], tensor) for name, tensor in extra.items())
    assert created.architecture.predicts == "v_prediction"


def test_old_spelling_and_rounded_position_ids_are_mended(tensors, tmp_path):
    old = {name.replace(".text_model.", "."): tensor for name, tensor in tensors.items()}
    old[POSITION_IDS.replace(".text_model.", ".")] = torch.full((1, 77), 3.0)
    write_checkpoint(tmp_path / "old.safetensors", old, METADATA)
    create_working(read_source(tmp_path / "old.safetensors"), tmp_path / "working")
    assert read_extra(tmp_path / "working")[POSITION_IDS].tolist() == [list(range(77))]


@pytest.fixture
def averaged(tensors, tmp_path):
    """A checkpoint that also holds an average of the U-Net: each weight doubled."""
    unet = {name: tensor for name, tensor in tensors.items() if name.startswith("model.diffusion_model.")}
    average = {ema_name(name): 2 * tensor for name, tensor in unet.items()}
    count = {"model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(7)}
    write_checkpoint(tmp_path / "averaged.safetensors", {**tensors, **average, **count}, METADATA)
    return tmp_path / "averaged.safetensors"


@pytest.mark.parametrize(("use_ema", "factor"), [(False, 1), (True, 2)])
def test_averaged_weights_are_taken_when_they_are_asked_for(averaged, tensors, tmp_path, use_ema, factor):
    create_working(read_source(averaged, Wishes(use_ema=use_ema)), tmp_path / "working")
    bias = read_part(tmp_path / "working", "unet")["conv_out.bias"]
    assert torch.equal(bias, factor * tensors["model.diffusion_model.out.2.bias"])


def test_average_that_is_not_there_is_refused(source, tmp_path):
    with pytest.raises(CheckpointError, match=r"has no EMA weights to use: it lacks model_ema\."):
        create_working(read_source(source, Wishes(use_ema=True)), tmp_path / "working")
    assert not (tmp_path / "working").exists()


PREFIX = "first_stage_model."


def bare(vae):
    return {name.removeprefix(PREFIX): tensor for name, tensor in vae.items()}


def whole(vae):
    return {**vae, "model.diffusion_model.out.2.bias": torch.zeros(4)}


@pytest.mark.parametrize("spell", [bare, whole])
def test_another_vae_stands_in_for_the_sources(source, tensors, tmp_path, spell):
    vae = {name: 3 * tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    write_checkpoint(tmp_path / "vae.safetensors", spell(vae), {})
    create_working(read_source(source, Wishes(vae=tmp_path / "vae.safetensors")), tmp_path / "working")
    weights = read_part(tmp_path / "working", "vae")
    assert torch.equal(weights["encoder.conv_in.bias"], 3 * tensors[f"{PREFIX}encoder.conv_in.bias"])
    own = tensors["model.diffusion_model.out.2.bias"]
    assert torch.equal(read_part(tmp_path / "working", "unet")["conv_out.bias"], own)


def test_another_vae_in_diffusers_names(source, shared_working, tmp_path):
    vae = shared_working / "vae" / "diffusion_pytorch_model.safetensors"
    create_working(read_source(source, Wishes(vae=vae)), tmp_path / "working")
    assert torch.equal(
        read_part(tmp_path / "working", "vae")["decoder.conv_out.weight"],
        read_part(shared_working, "vae")["decoder.conv_out.weight"],
    )


def test_file_that_is_no_vae_of_this_model_is_refused(source, tmp_path):
    write_checkpoint(tmp_path / "x.safetensors", {"encoder.conv_in.weight": torch.zeros(64, 3, 3, 3)}, {})
    with pytest.raises(CheckpointError, match=r"x.safetensors is no VAE for this model: 248 weights"):
        create_working(read_source(source, Wishes(vae=tmp_path / "x.safetensors")), tmp_path / "working")


def test_eight_bit_floats_can_be_loaded(tensors, tmp_path):
    small = {
        name: t.to(torch.float8_e4m3fn) if t.dtype.is_floating_point else t for name, t in tensors.items()
    }
    write_checkpoint(tmp_path / "small.safetensors", small, METADATA)
    created = create_working(read_source(tmp_path / "small.safetensors"), tmp_path / "working")
    assert created.dtype == "float8_e4m3fn"
    weight = load_model(tmp_path / "working").parts["unet"].conv_in.weight
    assert torch.equal(weight, small["model.diffusion_model.input_blocks.0.0.weight"].float())


def test_flat_vae_attention_is_accepted(tensors, tmp_path):
    flat = {name: t[:, :, 0, 0] if "attn_1" in name and t.ndim == 4 else t for name, t in tensors.items()}
    write_checkpoint(tmp_path / "flat.safetensors", flat, METADATA)
    create_working(read_source(tmp_path / "flat.safetensors"), tmp_path / "working")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model.diffusion_model.time_embed.0.weight": torch.zeros(2, 2)}, r"has the shape \[2, 2\] where"),
        (
            {"model.diffusion_model.time_embed.0.weight": None},
            "lacks 1 weights, e.g. model.diffusion_model.time",
        ),
        ({"first_stage_model.quant_conv.bias": torch.full((8,), torch.nan)}, "NaN"),
    ],
)
def test_a_bad_checkpoint_leaves_nothing(tensors, tmp_path, change, sentence):
    # NaN cannot be written by us, so others' files are made with torch.
    changed = {name: tensor for name, tensor in {**tensors, **change}.items() if tensor is not None}
    torch.save(changed, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match=sentence):
        create_working(read_source(tmp_path / "x.ckpt"), tmp_path / "model" / "working")
    assert not (tmp_path / "model").exists() or [*(tmp_path / "model").iterdir()] == []


def test_too_little_space_is_refused_before_anything_is_written(source, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(CheckpointError, match="GiB are needed"):
        create_working(read_source(source), tmp_path / "model" / "working")
    assert [*tmp_path.iterdir()] == []


def test_an_existing_folder_is_never_touched(source, tmp_path):
    (tmp_path / "working").mkdir()
    with pytest.raises(CheckpointError, match="already exists"):
        create_working(read_source(source), tmp_path / "working")


def test_a_place_that_cannot_be_written_is_refused(source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be made: Not a directory"):
        create_working(read_source(source), tmp_path / "file" / "working")


def test_leftovers_of_dead_processes_are_removed_and_others_stay(tmp_path):
    dead, alive = tmp_path / ".working.999999999.partial", tmp_path / f".working.{os.getppid()}.partial"
    dead.mkdir()
    alive.mkdir()
    with folder_appearing_whole(tmp_path / "working") as folder:
        (folder / "file").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == [alive.name, "working"]


def test_the_folder_says_which_model_it_is(shared_working):
    assert (
        json.loads((shared_working / "model_index.json").read_text())["_class_name"]
        == "StableDiffusionPipeline"
    )
    assert read_checkpoint(shared_working / "text_encoder" / "model.safetensors").metadata == {"format": "pt"}
