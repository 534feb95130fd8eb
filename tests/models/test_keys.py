import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint

from dreambooth.models.architecture import STABLE_DIFFUSION_15
from dreambooth.models.configs import (
    build_without_weights,
    unet_config,
    vae_config,
)
from dreambooth.models.names import Home, modern_spelling, names_of

NAMES = names_of(STABLE_DIFFUSION_15)


@pytest.fixture(scope="module")
def originals():
    """Shapes of Stable Diffusion 1.5 by original names, part by part."""
    modules = build_without_weights(STABLE_DIFFUSION_15)
    return {part: NAMES.original(part, module.state_dict()) for part, module in modules.items()}


def test_stable_diffusion_15_has_as_many_keys_as_it_should(originals):
    assert {part: len(tensors) for part, tensors in originals.items()} == {
        "unet": 686,
        "vae": 248,
        "text_encoder": 196,
    }
    millions = {part: sum(t.numel() for t in tensors.values()) / 1e6 for part, tensors in originals.items()}
    assert millions["unet"] == pytest.approx(859.52, abs=0.01)
    assert millions["vae"] == pytest.approx(83.65, abs=0.01)


@pytest.mark.parametrize(
    ("part", "name", "shape"),
    [
        ("unet", "model.diffusion_model.input_blocks.0.0.weight", (320, 4, 3, 3)),
        ("unet", "model.diffusion_model.input_blocks.3.0.op.weight", (320, 320, 3, 3)),
        ("unet", "model.diffusion_model.output_blocks.2.1.conv.weight", (1280, 1280, 3, 3)),
        ("unet", "model.diffusion_model.output_blocks.8.2.conv.weight", (640, 640, 3, 3)),
        ("unet", "model.diffusion_model.output_blocks.11.1.proj_in.weight", (320, 320, 1, 1)),
        ("vae", "first_stage_model.encoder.mid.attn_1.q.weight", (512, 512, 1, 1)),
        ("vae", "first_stage_model.decoder.up.3.upsample.conv.weight", (512, 512, 3, 3)),
        ("vae", "first_stage_model.decoder.up.1.block.0.nin_shortcut.weight", (256, 512, 1, 1)),
        ("text_encoder", "cond_stage_model.transformer.text_model.final_layer_norm.weight", (768,)),
    ],
)
def test_known_names_have_known_shapes(originals, part, name, shape):
    assert originals[part][name].shape == shape


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_every_name_finds_its_way_back(originals, part):
    expected = set(build_without_weights(STABLE_DIFFUSION_15)[part].state_dict())
    assert {NAMES.find(name) for name in originals[part]} == {(Home(part, key),) for key in expected}


def test_diffusers_reads_the_unet_names_as_we_do(originals):
    ours = {name: torch.full((1,), index) for index, name in enumerate(originals["unet"])}
    theirs = convert_ldm_unet_checkpoint(dict(ours), config=unet_config(STABLE_DIFFUSION_15))
    assert {key: value.item() for key, value in theirs.items()} == {
        NAMES.find(name)[0].key: value.item() for name, value in ours.items()
    }


def test_diffusers_reads_the_vae_names_as_we_do(originals):
    ours = {name: torch.full((1, 1, 1, 1), index) for index, name in enumerate(originals["vae"])}
    theirs = convert_ldm_vae_checkpoint(dict(ours), config=vae_config(STABLE_DIFFUSION_15))
    assert {key: value.item() for key, value in theirs.items()} == {
        NAMES.find(name)[0].key: value.item() for name, value in ours.items()
    }


def test_other_names_have_no_place():
    assert not NAMES.find("betas")
    assert not NAMES.find("model_ema.decay")
    assert not NAMES.find("model.diffusion_model.label_emb.0.0.weight")


def test_names_without_text_model_are_the_old_spelling():
    old = "cond_stage_model.transformer.encoder.layers.0.mlp.fc1.weight"
    assert modern_spelling(old) == "cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight"
    assert modern_spelling(modern_spelling(old)) == modern_spelling(old)
    assert modern_spelling("betas") == "betas"
