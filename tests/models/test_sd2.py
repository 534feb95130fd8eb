"""Stable Diffusion 2.x: detection, names, round trip, and the same results as diffusers' own loader."""

import pytest
import torch
import yaml
from diffusers import StableDiffusionPipeline

from dreambooth.adapters.lora import add_lora, lora_weights
from dreambooth.config.lora import LoraConfig
from dreambooth.models.architecture import STABLE_DIFFUSION_21
from dreambooth.models.configs import build_without_weights, part_configs
from dreambooth.models.create import create_working, read_source
from dreambooth.models.detect import detect_architecture
from dreambooth.models.export import export_checkpoint
from dreambooth.models.load import load_model
from dreambooth.models.names import SD2_TEXT as TEXT
from dreambooth.models.prediction import find_prediction
from dreambooth.models.single_file import CheckpointError, read_checkpoint, write_checkpoint
from dreambooth.models.stable_diffusion import StableDiffusion
from dreambooth.models.working import open_working
from tests.models.tiny import SD2 as TINY
from tests.models.tiny import original_shapes, write_tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("sd2") / "tiny.safetensors"
    return write_tiny(path, TINY)


@pytest.fixture(scope="module")
def working(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sd2 model") / "working"
    create_working(read_source(source), folder)
    return folder


@pytest.fixture
def model(working):
    return load_model(working)


@pytest.fixture(scope="module")
def pipeline(source, working):
    """The source, read by diffusers itself."""
    return StableDiffusionPipeline.from_single_file(
        source, config=str(working), safety_checker=None, local_files_only=True, dtype=torch.float32
    )


def test_full_size_is_found_from_its_shapes():
    shapes = original_shapes(STABLE_DIFFUSION_21)
    assert detect_architecture(shapes, {}, "v_prediction") == STABLE_DIFFUSION_21
    assert detect_architecture(shapes, {}, "epsilon").native_resolution == 512
    assert sum(name.startswith(TEXT) for name in shapes) == 294
    assert sum(name.startswith("model.diffusion_model.") for name in shapes) == 686


def test_full_size_has_the_heads_and_projections_of_stable_diffusion_2():
    config = part_configs(STABLE_DIFFUSION_21)
    assert config["unet"]["attention_head_dim"] == [5, 10, 20, 20]
    assert config["unet"]["use_linear_projection"]
    assert (config["text_encoder"]["num_attention_heads"], config["text_encoder"]["hidden_act"]) == (
        16,
        "gelu",
    )


def test_narrow_model_is_found_and_loaded(source, model):
    found = read_checkpoint(source)
    assert detect_architecture(found.shapes, found.metadata, "v_prediction") == TINY
    assert model.architecture == TINY


def test_export_says_what_it_is_and_has_its_yaml(model, tmp_path):
    path = tmp_path / "back.safetensors"
    export_checkpoint(open_working(model.working), {}, path, torch.float32, {})
    metadata = read_checkpoint(path).metadata
    assert metadata["modelspec.architecture"] == "stable-diffusion-v2-768-v"
    assert metadata["modelspec.prediction_type"] == "v"
    assert find_prediction(read_checkpoint(path), path.with_suffix(".yaml")) == "v_prediction"
    told = yaml.safe_load(path.with_suffix(".yaml").read_text())["model"]["params"]
    assert (told["parameterization"], told["unet_config"]["params"]["context_dim"]) == ("v", 64)


@torch.no_grad()
def test_text_states_are_those_of_the_block_before_the_last(model, pipeline):
    captions = ["a photo of a robot", "", "fish " * 100]
    tokens = pipeline.tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")
    assert tokens.input_ids[0, -1] == 0  # "!" fills up, not the end token
    expected = pipeline.text_encoder(tokens.input_ids).last_hidden_state
    torch.testing.assert_close(model.encode_captions(captions).hidden, expected, rtol=0, atol=1e-6)


@torch.no_grad()
def test_stacked_queries_keys_and_values_are_taken_apart_in_their_order(source, model):
    stacked = read_checkpoint(source).tensors[f"{TEXT}transformer.resblocks.1.attn.in_proj_weight"]
    attention = model.parts["text_encoder"].text_model.encoder.layers[1].self_attn
    for third, layer in zip(
        stacked.chunk(3), (attention.q_proj, attention.k_proj, attention.v_proj), strict=True
    ):
        assert torch.equal(layer.weight, third)


def test_lora_of_full_size_has_as_many_modules_as_kohyas(model):
    full = StableDiffusion(model.working, STABLE_DIFFUSION_21, build_without_weights(STABLE_DIFFUSION_21))
    add_lora(full, "lora", LoraConfig(rank=4), ["unet", "text_encoder"], seed=0)
    names = {name.partition(".")[0] for name in lora_weights(full)}
    assert len(names) == 330
    assert "lora_te_text_model_encoder_layers_22_mlp_fc2" in names
    assert "lora_te_text_model_encoder_layers_23_mlp_fc2" not in names


def test_checkpoint_without_the_text_encoder_is_refused(source, tmp_path):
    tensors = {name: t for name, t in read_checkpoint(source).tensors.items() if not name.startswith(TEXT)}
    write_checkpoint(tmp_path / "x.safetensors", tensors, {})
    with pytest.raises(CheckpointError, match="it has no text encoder"):
        create_working(read_source(tmp_path / "x.safetensors"), tmp_path / "working")


def test_missing_layer_is_named_as_in_the_checkpoint(source, tmp_path):
    missing = f"{TEXT}transformer.resblocks.1.attn.in_proj_bias"
    tensors = {name: t for name, t in read_checkpoint(source).tensors.items() if name != missing}
    write_checkpoint(tmp_path / "x.safetensors", tensors, {})
    with pytest.raises(CheckpointError, match=f"lacks 3 weights, e.g. {missing}"):
        create_working(read_source(tmp_path / "x.safetensors"), tmp_path / "working")


def test_projections_written_as_convolutions_are_read_as_what_they_are(source, tmp_path):
    read = read_checkpoint(source)
    kernels = dict(read.tensors)
    for name in [name for name in kernels if ".1.proj_" in name and name.endswith("weight")]:
        kernels[name] = kernels[name][:, :, None, None]
    write_checkpoint(tmp_path / "kernels.safetensors", kernels, read.metadata)
    create_working(read_source(tmp_path / "kernels.safetensors"), tmp_path / "working")
    name = "mid_block.attentions.0.proj_in.weight"
    expected = read.tensors["model.diffusion_model.middle_block.1.proj_in.weight"]
    assert torch.equal(load_model(tmp_path / "working").parts["unet"].state_dict()[name], expected)
