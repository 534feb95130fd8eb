"""Names and numbers of layers are exactly those of kohya's trainer, for models of full size."""

from collections import Counter
from dataclasses import replace

import pytest

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import (
    Place,
    adapted_paths,
    block_of,
    blocks_of,
    known_modules,
    kohya_modules,
    kohya_name,
    original_path,
)
from dreambooth.config.blocks import Block
from dreambooth.models.architecture import (
    STABLE_DIFFUSION_15,
    STABLE_DIFFUSION_21,
    STABLE_DIFFUSION_XL,
)
from dreambooth.models.configs import build_without_weights

FAMILIES = {"sd1": STABLE_DIFFUSION_15, "sd2": STABLE_DIFFUSION_21, "sdxl": STABLE_DIFFUSION_XL}


@pytest.fixture(scope="module")
def adapted():
    """The names of the layers that an adapter changes, by family."""
    names = {}
    for family, architecture in FAMILIES.items():
        for convolutions in (False, True):
            names[family, convolutions] = {
                kohya_name(architecture, Place(part, path))
                for part, module in build_without_weights(architecture).items()
                if part != "vae"
                for path in adapted_paths(module, convolutions=convolutions and part == "unet")
            }
    return names


@pytest.mark.parametrize(("family", "lora", "more"), [("sd1", 264, 86), ("sd2", 330, 86), ("sdxl", 986, 66)])
def test_there_are_as_many_layers_as_kohyas(adapted, family, lora, more):
    assert len(adapted[family, False]) == lora
    assert len(adapted[family, True]) == lora + more


@pytest.mark.parametrize(
    ("family", "counts"),
    [
        ("sd1", {"lora_unet": 192, "lora_te": 72}),
        ("sd2", {"lora_unet": 192, "lora_te": 138}),
        ("sdxl", {"lora_unet": 722, "lora_te1": 72, "lora_te2": 192}),
    ],
)
def test_they_are_spread_over_the_parts_as_kohyas(adapted, family, counts):
    assert Counter("_".join(name.split("_")[:2]) for name in adapted[family, False]) == counts


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("sd1", "lora_unet_up_blocks_3_attentions_2_transformer_blocks_0_ff_net_0_proj"),
        ("sd2", "lora_te_text_model_encoder_layers_22_self_attn_out_proj"),
        ("sd2", "lora_unet_mid_block_resnets_1_time_emb_proj"),
        ("sd2", "lora_unet_up_blocks_0_resnets_0_conv_shortcut"),
        ("sdxl", "lora_unet_input_blocks_8_1_transformer_blocks_9_attn2_to_k"),
        ("sdxl", "lora_unet_output_blocks_5_1_transformer_blocks_1_ff_net_2"),
        ("sdxl", "lora_unet_output_blocks_8_0_in_layers_2"),
        ("sdxl", "lora_unet_input_blocks_3_0_op"),
        ("sdxl", "lora_unet_output_blocks_2_2_conv"),
        ("sdxl", "lora_unet_middle_block_2_emb_layers_1"),
        ("sdxl", "lora_te2_text_model_encoder_layers_31_mlp_fc1"),
    ],
)
def test_names_are_those_that_webuis_know(adapted, family, name):
    assert name in adapted[family, True]


def test_both_spellings_of_the_unet_mean_the_same_layer():
    known = known_modules(STABLE_DIFFUSION_XL)
    ours, theirs = "lora_unet_input_blocks_4_1_proj_in", "lora_unet_down_blocks_1_attentions_0_proj_in"
    assert known[ours] == known[theirs] == Place("unet", "down_blocks.1.attentions.0.proj_in")
    assert (
        known_modules(STABLE_DIFFUSION_15)["lora_te1_text_model_encoder_layers_0_mlp_fc1"].part
        == "text_encoder"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_every_layer_with_a_weight_has_one_name(family):
    modules = kohya_modules(FAMILIES[family])
    assert len(set(modules.values())) == len(modules)
    assert Place("unet", "conv_in") in modules.values()
    assert all(known_modules(FAMILIES[family])[name] == place for name, place in modules.items())


@pytest.mark.parametrize(("family", "side"), [("sd1", 12), ("sd2", 12), ("sdxl", 9)])
def test_every_adapted_layer_belongs_to_a_block(family, side):
    architecture = FAMILIES[family]
    unet = build_without_weights(architecture)["unet"]
    found = {block_of(architecture, path) for path in adapted_paths(unet, convolutions=True)}
    assert len(blocks_of(architecture)) == 2 * side + 1
    assert found == set(blocks_of(architecture)) - {Block("in", 0)}  # the first only lifts latents into width


def test_names_do_not_depend_on_the_width():
    narrow = replace(STABLE_DIFFUSION_XL, unet_widths=(32, 64, 128))
    assert kohya_modules(narrow).keys() == kohya_modules(STABLE_DIFFUSION_XL).keys()


@pytest.mark.parametrize("architecture", FAMILIES.values(), ids=FAMILIES)
def test_blocks_are_counted_as_in_original_checkpoints(architecture):
    begins = {"in": "input_blocks.{}.", "mid": "middle_block.", "out": "output_blocks.{}."}
    for path in adapted_paths(build_without_weights(architecture)["unet"], convolutions=True):
        block = block_of(architecture, path)
        assert original_path(architecture, path).startswith(begins[block.side].format(block.number))


def test_a_layer_outside_of_all_blocks_has_none():
    with pytest.raises(AdapterError, match="conv_in lies outside the blocks"):
        block_of(STABLE_DIFFUSION_15, "conv_in")
