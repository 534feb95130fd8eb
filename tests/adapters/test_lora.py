import pytest
import torch

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.lora import (
    add_lora,
    attach_lora,
    load_lora_weights,
    lora_weights,
)
from dreambooth.config.lora import LoraConfig
from dreambooth.models.load import load_model
from tests.adapters.merged import merged_weights
from tests.models.conditions import told


@torch.no_grad()
def draw(model):
    """What a model makes of a fixed input."""
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    states = model.encode_captions(["a red robot on grass", "a fish"])
    return model.predict(latents, torch.tensor([100, 700]), told(states))


def learning(model):
    return {
        f"{part}.{name}"
        for part, module in model.parts.items()
        for name, weight in module.named_parameters()
        if weight.requires_grad
    }


def test_a_fresh_lora_changes_nothing_and_learns_alone(model):
    before = draw(model)
    add_lora(model, "lora", LoraConfig(rank=4), ["unet", "text_encoder"], seed=0)
    assert torch.equal(draw(model), before)
    assert len(learning(model)) == 2 * 264
    assert all("lora_" in name for name in learning(model))


@pytest.mark.parametrize(("parts", "modules"), [(["unet"], 192), (["text_encoder"], 72)])
def test_only_the_chosen_part_learns(model, parts, modules):
    add_lora(model, "lora", LoraConfig(rank=2), parts, seed=0)
    assert len(learning(model)) == 2 * modules
    assert len(lora_weights(model)) == 3 * modules


def test_adapters_are_fp32_on_a_half_model(working):
    model = load_model(working, torch.bfloat16)
    add_lora(model, "lora", LoraConfig(rank=2), ["unet", "text_encoder"], seed=0)
    assert {tensor.dtype for tensor in lora_weights(model).values()} == {torch.float32}


def test_the_seed_decides_the_first_weights(working):
    drawn = []
    for seed in (5, 5, 6):
        model = load_model(working)
        torch.rand(1)  # what happened before must not matter
        add_lora(model, "lora", LoraConfig(rank=2), ["unet"], seed=seed)
        drawn.append(lora_weights(model))
    name = "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"
    assert torch.equal(drawn[0][name], drawn[1][name])
    assert not torch.equal(drawn[0][name], drawn[2][name])


def test_gradients_reach_every_adapter(model):
    add_lora(model, "lora", LoraConfig(rank=2), ["unet", "text_encoder"], seed=0)
    for weight in lora_weights(model).values():
        weight.add_(0.01)
    states = model.encode_captions(["a fish"])
    model.predict(torch.randn(1, 4, 8, 8), torch.tensor([9]), told(states)).square().mean().backward()
    weights = [w for module in model.parts.values() for w in module.parameters() if w.requires_grad]
    assert all(weight.grad is not None and weight.grad.any() for weight in weights)


def test_weights_go_into_a_fresh_model(model, trained):
    attach_lora(model, lora_weights(trained))
    torch.testing.assert_close(draw(model), draw(trained), rtol=0, atol=0)


def test_merged_weights_draw_the_same(model, trained):
    merged = merged_weights(trained)
    for part, module in model.parts.items():
        module.load_state_dict(merged[part])
    torch.testing.assert_close(draw(model), draw(trained), rtol=0, atol=1e-5)


def test_a_lora_that_does_not_fit_is_refused(model, trained):
    add_lora(model, "lora", LoraConfig(rank=8), ["unet", "text_encoder"], seed=0)
    with pytest.raises(AdapterError, match=r"rank 4 and alpha 2 there and .* rank 8 and alpha 16 here"):
        load_lora_weights(model, lora_weights(trained))
    with pytest.raises(AdapterError, match="has an adapter already"):
        attach_lora(model, lora_weights(trained))


def test_a_lora_on_no_part_is_refused(model):
    with pytest.raises(AdapterError, match="at least one part"):
        add_lora(model, "lora", LoraConfig(), [], seed=0)
