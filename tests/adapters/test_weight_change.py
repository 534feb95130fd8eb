import peft
import pytest
import torch
from torch import nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.weight_change import (
    bias_change,
    group_keys,
    module_kind,
    module_rank,
    weight_change,
    with_magnitude,
    with_scale_inside,
)

generator = torch.Generator().manual_seed(0)
LINEAR, POINT, KERNEL = (torch.randn(6, 8, *kernel, generator=generator) for kernel in ((), (1, 1), (3, 3)))


@pytest.fixture(autouse=True)
def _same_numbers():
    torch.manual_seed(0)


def lora(down, up, alpha=2.0):
    return {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(alpha)}


def test_a_lora_is_alpha_over_rank_up_down():
    down, up = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]])
    assert weight_change(lora(down, up, 0.5), torch.zeros(2, 2)).tolist() == [[1.5, 3.0], [2.0, 4.0]]


def test_without_alpha_nothing_is_scaled():
    tensors = {"lora_down.weight": torch.ones(4, 2), "lora_up.weight": torch.ones(3, 4)}
    assert weight_change(tensors, torch.zeros(3, 2)).tolist() == [[4.0, 4.0]] * 3


@pytest.mark.parametrize("written_as", [LINEAR, POINT])
@pytest.mark.parametrize("original", [LINEAR, POINT])
def test_a_linear_layer_may_be_written_as_a_convolution_and_the_reverse(written_as, original):
    down, up = torch.randn(3, *written_as.shape[1:]), torch.randn(6, 3, *written_as.shape[2:])
    change = weight_change(lora(down, up), original)
    torch.testing.assert_close(change, (2 / 3 * up.flatten(1) @ down.flatten(1)).reshape(original.shape))


def test_a_convolution_changes_as_two_convolutions_in_a_row():
    down, up, pictures = torch.randn(3, 8, 3, 3), torch.randn(6, 3, 1, 1), torch.randn(2, 8, 5, 5)
    drawn = nn.functional.conv2d(nn.functional.conv2d(pictures, down, padding=1), up) * 2 / 3
    change = weight_change(lora(down, up), KERNEL)
    torch.testing.assert_close(nn.functional.conv2d(pictures, change, padding=1), drawn, atol=1e-4, rtol=0)


def test_with_a_core_a_convolution_changes_as_three_in_a_row():
    down, core, up = torch.randn(3, 8, 1, 1), torch.randn(3, 3, 3, 3), torch.randn(6, 3, 1, 1)
    pictures = torch.randn(2, 8, 5, 5)
    inner = nn.functional.conv2d(nn.functional.conv2d(pictures, down), core, padding=1)
    drawn = nn.functional.conv2d(inner, up) * 2 / 3
    change = weight_change({**lora(down, up), "lora_mid.weight": core}, KERNEL)
    torch.testing.assert_close(nn.functional.conv2d(pictures, change, padding=1), drawn, atol=1e-4, rtol=0)


def peft_layer(config, original, seed=0):
    """An adapter by PEFT on one layer, all its numbers drawn at random; the layer and its tensors."""
    torch.manual_seed(seed)
    is_linear = original.ndim == 2
    layer = nn.Linear(8, 6) if is_linear else nn.Conv2d(8, 6, original.shape[-1])
    holder = nn.ModuleDict({"layer": layer})
    layer.weight.data = original.clone()
    adapted = peft.inject_adapter_in_model(config, holder, adapter_name="default")["layer"]
    tensors = {}
    for name, weight in adapted.named_parameters():
        if "base_layer" not in name:
            nn.init.normal_(weight)
            tensors[name.removesuffix(".default")] = weight.detach()
    return adapted, {**tensors, "alpha": torch.tensor(5.0)}


@pytest.mark.parametrize("original", [LINEAR, POINT, KERNEL])
@pytest.mark.parametrize("core", [False, True])
def test_a_loha_changes_as_pefts(original, core):
    config = peft.LoHaConfig(r=2, alpha=5, target_modules=["layer"], use_effective_conv2d=core)
    adapted, tensors = peft_layer(config, original)
    assert module_kind(tensors) == "loha"
    assert module_rank(tensors) == 2
    torch.testing.assert_close(weight_change(tensors, original), adapted.get_delta_weight("default"))


@pytest.mark.parametrize("original", [LINEAR, POINT, KERNEL])
@pytest.mark.parametrize("core", [False, True])
@pytest.mark.parametrize("both", [False, True])
def test_a_lokr_changes_as_pefts(original, core, both):
    config = peft.LoKrConfig(
        r=1, alpha=5, target_modules=["layer"], use_effective_conv2d=core, decompose_both=both
    )
    adapted, tensors = peft_layer(config, original)
    assert module_kind(tensors) == "lokr"
    assert module_rank(tensors) == 1
    torch.testing.assert_close(weight_change(tensors, original), adapted.get_delta_weight("default"))


def test_a_lokr_of_two_whole_factors_ignores_alpha():
    whole = {"lokr_w1": torch.randn(2, 4), "lokr_w2": torch.randn(3, 2), "alpha": torch.tensor(50.0)}
    assert module_rank(whole) is None
    torch.testing.assert_close(
        weight_change(whole, LINEAR), torch.kron(whole["lokr_w1"], whole["lokr_w2"]), atol=0, rtol=0
    )


@pytest.mark.parametrize("original", [LINEAR, KERNEL])
def test_dora_gives_every_input_the_length_of_its_magnitude(original):
    magnitude = torch.rand(1, 8, *[1] * (original.ndim - 2)) + 1
    tensors = {**lora(torch.randn(3, *original.shape[1:]), torch.randn(6, 3)), "dora_scale": magnitude}
    changed = original + weight_change(tensors, original)
    found = changed.transpose(0, 1).flatten(1).norm(dim=1)
    torch.testing.assert_close(found, magnitude.flatten())


def test_dora_by_outputs_is_that_of_peft():
    config = peft.LoraConfig(r=2, lora_alpha=2, target_modules=["layer"], use_dora=True)
    adapted, tensors = peft_layer(config, LINEAR)
    named = lora(tensors["lora_A.default.weight"], tensors["lora_B.default.weight"])
    named["dora_scale"] = tensors["lora_magnitude_vector.default.weight"][:, None]
    inputs = torch.randn(4, 8)
    with torch.no_grad():
        drawn = adapted(inputs) - adapted.base_layer.bias
    torch.testing.assert_close(inputs @ (LINEAR + weight_change(named, LINEAR)).T, drawn)


def test_a_magnitude_equal_to_the_lengths_changes_nothing():
    lengths = LINEAR.norm(dim=0, keepdim=True)
    torch.testing.assert_close(with_magnitude(LINEAR, lengths), LINEAR)


def test_full_differences_of_weight_and_bias_are_taken_as_they_are():
    tensors = {"diff": torch.ones(6, 8).half(), "diff_b": torch.ones(6)}
    assert weight_change(tensors, POINT).shape == POINT.shape
    assert weight_change(tensors, POINT).dtype == torch.float32
    assert bias_change(tensors).tolist() == [1.0] * 6
    assert not weight_change({"diff_b": torch.ones(6)}, LINEAR).any()


def test_keys_are_grouped_by_the_first_dot():
    keys = ["lora_unet_a_b.lora_down.weight", "lora_unet_a_b.alpha", "lora_te_c.diff"]
    assert {module: set(held) for module, held in group_keys(keys).items()} == {
        "lora_unet_a_b": {"lora_down.weight", "alpha"},
        "lora_te_c": {"diff"},
    }


@pytest.mark.parametrize("held", [{"oft_blocks", "alpha"}, {"lora_down.weight"}, {"lora_up.weight", "diff"}])
def test_other_kinds_and_halves_are_refused(held):
    with pytest.raises(AdapterError, match="cannot be read"):
        module_kind(held)


def test_an_adapter_for_another_shape_is_refused():
    with pytest.raises(AdapterError, match="does not fit"):
        weight_change(lora(torch.randn(2, 5), torch.randn(6, 2)), LINEAR)
    tensors = {**lora(torch.randn(2, 8), torch.randn(6, 2)), "dora_scale": torch.ones(1, 5)}
    with pytest.raises(AdapterError, match="magnitude of 5"):
        weight_change(tensors, LINEAR)


@pytest.mark.parametrize(
    "tensors",
    [
        {"lora_down.weight": torch.ones(4, 8), "lora_up.weight": torch.ones(6, 4)},
        {f"hada_w{n}_{ab}": torch.ones(size) for n in (1, 2) for ab, size in (("a", (6, 4)), ("b", (4, 8)))},
        {"lokr_w1": torch.ones(2, 2), "lokr_w2_a": torch.ones(3, 4), "lokr_w2_b": torch.ones(4, 4)},
    ],
)
def test_scale_can_be_put_inside(tensors):
    outside = {**tensors, "alpha": torch.tensor(1.0)}
    inside = with_scale_inside(outside)
    assert inside["alpha"] == module_rank(tensors) == 4
    torch.testing.assert_close(weight_change(inside, LINEAR), weight_change(outside, LINEAR))
