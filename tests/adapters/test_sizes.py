import pytest
from torch import nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.lora import add_lora, named_layers
from dreambooth.adapters.sizes import layer_sizes
from dreambooth.config.adapter_sizes import Size
from dreambooth.config.lora import LoraConfig
from dreambooth.models.architecture import STABLE_DIFFUSION_XL
from dreambooth.models.configs import build_without_weights


@pytest.fixture(scope="module")
def unet() -> nn.Module:
    return build_without_weights(STABLE_DIFFUSION_XL)["unet"]


def sizes_of(unet, **settings):
    return layer_sizes(LoraConfig(**settings), STABLE_DIFFUSION_XL, "unet", unet)


def test_only_kernels_have_the_rank_of_convolutions(unet):
    sizes = sizes_of(unet, rank=8, alpha=4, conv_rank=2, conv_alpha=3)
    assert sizes["down_blocks.1.resnets.0.conv1"] == Size(2, 3)
    assert sizes["down_blocks.0.downsamplers.0.conv"] == Size(2, 3)
    assert sizes["down_blocks.1.resnets.0.conv_shortcut"] == Size(8, 4)
    assert sizes["down_blocks.1.resnets.0.time_emb_proj"] == Size(8, 4)


def test_what_is_not_said_is_scaled_as_the_rest(unet):
    sizes = sizes_of(unet, rank=8, alpha=4, conv_rank=2)
    assert sizes["down_blocks.1.resnets.0.conv1"] == Size(2, 1)


def test_blocks_have_ranks_of_their_own_and_alpha_follows(unet):
    sizes = sizes_of(unet, rank=8, alpha=4, block_ranks="in=2, mid=16, out1-2=0")
    assert sizes["down_blocks.1.attentions.0.proj_in"] == Size(2, 1)
    assert sizes["mid_block.attentions.0.proj_in"] == Size(16, 8)
    assert sizes["up_blocks.0.attentions.0.proj_in"] == Size(8, 4)
    assert "up_blocks.0.attentions.1.proj_in" not in sizes
    assert "up_blocks.1.attentions.0.proj_in" in sizes


def test_kernels_keep_their_rank_where_a_block_has_another(unet):
    sizes = sizes_of(unet, rank=8, alpha=8, conv_rank=2, block_ranks="in=4, mid=0")
    assert sizes["down_blocks.1.resnets.0.conv1"] == Size(2, 2)
    assert not any(path.startswith("mid_block") for path in sizes)


def test_a_block_with_the_factor_zero_has_no_adapter(unet):
    sizes = sizes_of(unet, block_lr_factors="in=0, mid=0.5")
    assert not any(path.startswith("down_blocks") for path in sizes)
    assert sizes["mid_block.attentions.0.proj_in"] == Size(16, 16)


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({}, Size(8, 4)),
        ({"text_encoder_rank": 2}, Size(2, 1)),
        ({"text_encoder_alpha": 3}, Size(8, 3)),
        ({"text_encoder_rank": 2, "text_encoder_alpha": 3, "block_ranks": "in=1"}, Size(2, 3)),
    ],
)
def test_text_encoders_have_a_size_of_their_own(settings, size):
    text = build_without_weights(STABLE_DIFFUSION_XL)["text_encoder_2"]
    config = LoraConfig(rank=8, alpha=4, conv_rank=2, **settings)
    sizes = layer_sizes(config, STABLE_DIFFUSION_XL, "text_encoder_2", text)
    assert set(sizes.values()) == {size}
    assert len(sizes) == 192


@pytest.mark.parametrize("setting", ["block_ranks", "block_lr_factors"])
def test_a_block_that_the_model_lacks_is_refused(unet, setting):
    with pytest.raises(AdapterError, match=rf"lora.{setting} names in9, but this model has in0 to in8, mid"):
        sizes_of(unet, **{setting: "in9=1"})


def test_a_unet_without_any_block_is_refused(model):
    with pytest.raises(AdapterError, match="leave no block"):
        add_lora(model, "lora", LoraConfig(block_ranks="in=0, mid=0, out=0"), ["unet"], seed=0)


def test_every_layer_gets_the_rank_that_was_chosen(model):
    config = LoraConfig(rank=4, alpha=2, conv_rank=3, block_ranks="mid=2", text_encoder_rank=5)
    add_lora(model, "lora", config, ["unet", "text_encoder"], seed=0)
    ranks = {name: layer.rank for name, layer in named_layers(model).items()}
    assert ranks["lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"] == 2
    assert ranks["lora_unet_mid_block_resnets_0_conv1"] == 3
    assert ranks["lora_unet_up_blocks_1_attentions_0_proj_in"] == 4
    assert ranks["lora_te_text_model_encoder_layers_0_mlp_fc1"] == 5
    alphas = {layer.alpha / layer.rank for layer in named_layers(model).values()}
    assert alphas == {0.5}
