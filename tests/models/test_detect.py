import pytest
import torch

from dreambooth.models.architecture import STABLE_DIFFUSION_15
from dreambooth.models.configs import build_without_weights
from dreambooth.models.detect import detect_architecture, find_resolution_px
from dreambooth.models.names import names_of
from dreambooth.models.single_file import CheckpointError
from dreambooth.toybox.architecture import TOYBOX
from tests.models.random_checkpoint import METADATA

CONV_IN = "model.diffusion_model.input_blocks.0.0.weight"


@pytest.fixture
def shapes(tensors):
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def test_stable_diffusion_15_is_found_from_its_shapes():
    names = names_of(STABLE_DIFFUSION_15)
    found = {}
    for part, module in build_without_weights(STABLE_DIFFUSION_15).items():
        found |= {name: tuple(t.shape) for name, t in names.original(part, module.state_dict()).items()}
    assert detect_architecture(found, {}, "epsilon") == STABLE_DIFFUSION_15


def test_a_narrow_model_is_found_from_its_shapes(shapes):
    architecture = detect_architecture(shapes, METADATA, "epsilon")
    assert architecture.unet_widths == (32, 96, 128, 128)
    assert architecture.vae_widths == (32, 64, 96, 96)
    assert architecture == TOYBOX


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "a LoRA file"),
        ("unet.mid_block.attentions.0.proj_in.lora_A.weight", "a LoRA file"),
        ("emb_params", "a textual inversion"),
        ("control_model.input_hint_block.0.weight", "a ControlNet"),
        ("conditioner.embedders.0.model.ln_final.weight", "refiner"),
        ("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", "Stable Diffusion 3"),
        ("double_blocks.0.img_attn.qkv.weight", "FLUX"),
        ("down_blocks.0.resnets.0.conv1.weight", "diffusers names"),
        ("text_model.final_layer_norm.weight", "a text encoder alone"),
        ("encoder.conv_in.weight", "a VAE alone"),
        ("first_stage_model.encoder.conv_in.weight", "it has no U-Net"),
        ("some.other.weight", "it has no U-Net"),
    ],
)
def test_other_things_are_refused_by_their_name(name, what):
    with pytest.raises(CheckpointError, match=what):
        detect_architecture({name: (1, 1)}, {}, "epsilon")


@pytest.mark.parametrize(
    ("channels", "what"),
    [(8, "InstructPix2Pix"), (5, "depth"), (7, "7 U-Net input channels")],
)
def test_other_input_channels_are_refused(shapes, channels, what):
    with pytest.raises(CheckpointError, match=what):
        detect_architecture({**shapes, CONV_IN: (32, channels, 3, 3)}, {}, "epsilon")


@pytest.mark.parametrize(
    "missing",
    [
        CONV_IN,
        "model.diffusion_model.input_blocks.4.0.out_layers.3.weight",
        "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
    ],
)
def test_what_is_missing_is_named(shapes, missing):
    del shapes[missing]
    with pytest.raises(CheckpointError, match=f"incomplete: it lacks {missing}"):
        detect_architecture(shapes, {}, "epsilon")


def test_parts_that_do_not_belong_together_are_refused(shapes):
    shapes["cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"] = (49408, 128)
    with pytest.raises(CheckpointError, match="reads text of width 64, the encoder writes 128"):
        detect_architecture(shapes, {}, "epsilon")


@pytest.mark.parametrize(
    ("told", "side"), [("64x64", 64), ("768x768", 768), ("512x768", 512), ("", 512), ("0x0", 512)]
)
def test_the_resolution_is_that_of_a_square(told, side):
    assert find_resolution_px({"modelspec.resolution": told}, 512) == side


def test_meta_modules_take_no_memory():
    parts = build_without_weights(STABLE_DIFFUSION_15).values()
    assert {weight.device for module in parts for weight in module.parameters()} == {torch.device("meta")}
