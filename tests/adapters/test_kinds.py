"""What holds for every kind of adapter, with convolutions and without, with DoRA and without."""

import pytest
import torch

from dreambooth.adapters.lora import (
    add_lora,
    attach_lora,
    limit_norms,
    load_lora_weights,
    lora_weights,
    named_layers,
)
from dreambooth.adapters.lora_file import read_lora, save_lora
from dreambooth.adapters.sizes import layer_sizes
from dreambooth.config.adapter_sizes import count_adapter_weights
from dreambooth.config.lora import LoraConfig
from dreambooth.models.load import load_model
from tests.adapters.conftest import move_lora
from tests.adapters.merged import merged_weights
from tests.adapters.test_lora import draw
from tests.models.conditions import told

CONVOLUTIONS = {"rank": 4, "conv_rank": 2, "conv_alpha": 1.0}
CASES = {
    "locon": ("lora", CONVOLUTIONS),
    "dora": ("lora", {**CONVOLUTIONS, "dora": True}),
    "loha": ("loha", CONVOLUTIONS),
    "lokr": ("lokr", {**CONVOLUTIONS, "lokr_factor": 4}),
    "lokr-whole": ("lokr", {"rank": 512, "alpha": 8.0}),
    "lokr-dora": ("lokr", {**CONVOLUTIONS, "dora": True}),
}
PARTS = ["unet", "text_encoder"]
every_case = pytest.mark.parametrize("case", CASES)


def add_case(model, case):
    kind, settings = CASES[case]
    add_lora(model, kind, LoraConfig(**settings), PARTS, seed=0)
    return kind, LoraConfig(**settings)


@pytest.fixture(scope="module")
def moved(working):
    """A model with a moved adapter of each case, which tests leave as it is."""
    models = {}

    def make(case):
        if case not in models:
            models[case] = load_model(working)
            add_case(models[case], case)
            move_lora(models[case])
        return models[case]

    return make


@every_case
def test_a_fresh_adapter_changes_nothing(model, case):
    before = draw(model)
    add_case(model, case)
    torch.testing.assert_close(draw(model), before, rtol=0, atol=1e-6)


@every_case
def test_gradients_reach_all_of_it_and_nothing_else(model, case):
    add_case(model, case)
    move_lora(model)
    states = model.encode_captions(["a fish"])
    model.predict(torch.randn(1, 4, 8, 8), torch.tensor([9]), told(states)).square().mean().backward()
    held = {id(weight) for layer in named_layers(model).values() for weight in layer.parameters.values()}
    learning = [w for module in model.parts.values() for w in module.parameters() if w.requires_grad]
    assert {id(weight) for weight in learning} == held
    assert all(weight.grad is not None and weight.grad.any() for weight in learning)


@every_case
def test_a_saved_one_in_a_fresh_model_draws_the_same(model, moved, tmp_path, case):
    save_lora(tmp_path / "x.safetensors", moved(case), {}, torch.float32)
    attach_lora(model, read_lora(tmp_path / "x.safetensors").tensors)
    torch.testing.assert_close(draw(model), draw(moved(case)), rtol=0, atol=1e-6)


@every_case
def test_its_weights_go_back_into_a_fresh_one(model, moved, case):
    add_case(model, case)
    load_lora_weights(model, lora_weights(moved(case)))
    assert torch.equal(draw(model), draw(moved(case)))


@every_case
def test_merged_weights_draw_the_same(model, moved, case):
    merged = merged_weights(moved(case))
    for part, module in model.parts.items():
        module.load_state_dict(merged[part])
    torch.testing.assert_close(draw(model), draw(moved(case)), rtol=0, atol=1e-5)


@every_case
def test_it_changes_what_the_model_draws(model, moved, case):
    assert not torch.allclose(draw(model), draw(moved(case)), atol=1e-3)


@every_case
def test_its_weights_are_counted_before_they_are_made(model, case):
    kind, settings = CASES[case]
    config, counted = LoraConfig(**settings), 0
    for part in PARTS:
        module = model.parts[part]
        for path, size in layer_sizes(config, model.architecture, part, module).items():
            shape = tuple(module.get_submodule(path).weight.shape)
            counted += count_adapter_weights(kind, config, shape, size.rank)
    add_lora(model, kind, config, PARTS, seed=0)
    learning = [w for module in model.parts.values() for w in module.parameters() if w.requires_grad]
    assert counted == sum(weight.numel() for weight in learning)


@every_case
def test_a_limited_norm_is_kept_by_every_layer(model, case):
    add_case(model, case)
    move_lora(model)
    before = {name: layer.change().norm().item() for name, layer in named_layers(model).items()}
    limit = sorted(before.values())[len(before) // 2]
    limit_norms(model, limit)
    for name, layer in named_layers(model).items():
        assert layer.change().norm().item() == pytest.approx(min(limit, before[name]), rel=1e-4)


def test_what_does_not_learn_any_more_is_not_limited(model):
    add_case(model, "locon")
    move_lora(model)
    model.parts["text_encoder"].requires_grad_(requires_grad=False)
    before = {name: tensor.clone() for name, tensor in lora_weights(model).items()}
    limit_norms(model, 1e-3)
    same = {name for name, tensor in lora_weights(model).items() if torch.equal(tensor, before[name])}
    assert {name for name in same if not name.endswith("alpha")} == {
        name for name in before if name.startswith("lora_te_") and not name.endswith("alpha")
    }


def test_a_lora_shares_a_limited_norm_evenly(model):
    add_case(model, "locon")
    move_lora(model)
    name = "lora_unet_mid_block_attentions_0_proj_in"
    layer = named_layers(model)[name]
    before, norm = {key: value.norm() for key, value in layer.factors.items()}, layer.change().norm()
    limit_norms(model, norm.item() / 4)
    assert [(before[key] / value.norm()).item() for key, value in layer.factors.items()] == pytest.approx(
        [2, 2]
    )


def test_alpha_means_nothing_to_a_lokr_of_two_whole_factors(moved):
    layers = named_layers(moved("lokr-whole")).values()
    assert all(set(layer.factors) == {"lokr_w1", "lokr_w2"} for layer in layers)
    assert {layer.layer.scaling["default"] for layer in layers} == {1.0}


def test_dora_is_written_by_inputs_which_every_webui_reads(moved):
    weights = lora_weights(moved("dora"))
    kernel = "lora_unet_down_blocks_0_resnets_0_conv1"
    linear = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_ff_net_2"
    assert weights[f"{kernel}.dora_scale"].shape == (1, 32, 1, 1)
    assert weights[f"{linear}.dora_scale"].shape == (1, 128)


@pytest.mark.parametrize("case", ["dora", "lokr-dora"])
def test_a_dora_by_outputs_is_read_as_meant(working, model, moved, case):
    weights = lora_weights(moved(case))
    for name, layer in named_layers(moved(case)).items():
        ones = [1] * (layer.weight.ndim - 1)
        weights[f"{name}.dora_scale"] = 1 + torch.rand(layer.weight.shape[0], *ones)
    attach_lora(model, weights)
    other = load_model(working)
    for part, module in other.parts.items():
        module.load_state_dict(merged_weights(model)[part])
    torch.testing.assert_close(draw(model), draw(other), rtol=1e-4, atol=1e-4)
