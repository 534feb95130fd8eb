import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dreambooth.adapters.errors import AdapterError
from dreambooth.models.names import UNET
from dreambooth.models.single_file import write_checkpoint
from dreambooth.tools.bake_lora import bake_loras
from dreambooth.tools.weighted import Weighted
from tests.adapters.test_lora import draw
from tests.models.tiny import FAMILIES, write_tiny
from tests.tools.small_files import quiet
from tests.tools.tiny_models import adapt, load_file_as_model, save_adapter

QUERY = "mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
QUERY_KEY = f"{UNET}middle_block.1.transformer_blocks.0.attn1.to_q.weight"
KINDS = {
    "sd1": ("lora", {"conv_rank": 2}),
    "sd2": ("lokr", {}),
    "sdxl": ("loha", {"conv_rank": 2, "dora": True}),
}


@pytest.fixture(scope="module", params=KINDS)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def checkpoint(family, tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("source") / "tiny.safetensors", FAMILIES[family])


@pytest.fixture(scope="module")
def adapted(checkpoint, family, tmp_path_factory):
    """A model of the family with an adapter."""
    kind, settings = KINDS[family]
    model = load_file_as_model(checkpoint, tmp_path_factory.mktemp("model") / "working")
    return adapt(model, kind, **settings)


@pytest.fixture(scope="module")
def adapter_file(adapted, tmp_path_factory):
    return save_adapter(adapted, tmp_path_factory.mktemp("lora") / "lora.safetensors")


@pytest.fixture(scope="module")
def sd1(tmp_path_factory):
    """A checkpoint and an adapter file for it."""
    folder = tmp_path_factory.mktemp("sd1")
    source = write_tiny(folder / "tiny.safetensors", FAMILIES["sd1"])
    model = adapt(load_file_as_model(source, folder / "working"))
    return source, save_adapter(model, folder / "lora.safetensors")


def same_change(one, other, base, factor=1.0):
    """Whether one file is as far from the base as another, times a factor, in all tensors."""
    one, other, base = load_file(one), load_file(other), load_file(base)
    return all(
        torch.allclose(one[name] - base[name], factor * (other[name] - base[name]), atol=1e-5)
        for name in base
    )


def test_the_checkpoint_does_what_model_and_adapter_did(checkpoint, adapted, adapter_file, tmp_path):
    to = tmp_path / "baked.safetensors"
    baked = bake_loras(checkpoint, [Weighted(adapter_file)], to, None, quiet)
    model = load_file_as_model(to, tmp_path / "working")
    plain = load_file_as_model(checkpoint, tmp_path / "plain")
    torch.testing.assert_close(draw(model), draw(adapted), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(draw(plain), draw(adapted), atol=1e-3)
    assert baked.moved.keys() == model.parts.keys()
    assert load_file(to).keys() == load_file(checkpoint).keys()


def test_every_adapted_weight_is_changed_and_no_other(sd1, tmp_path):
    source, lora = sd1
    baked = bake_loras(source, [Weighted(lora)], tmp_path / "x.safetensors", None, quiet)
    before, after = load_file(source), load_file(baked.path)
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert len(changed) == baked.num_changed == 192 + 3 * 6


def test_strengths_scale_what_is_added(sd1, tmp_path):
    source, lora = sd1
    whole, half, twice = (tmp_path / f"{name}.safetensors" for name in ("whole", "half", "twice"))
    bake_loras(source, [Weighted(lora)], whole, None, quiet)
    bake_loras(source, [Weighted(lora, -0.5)], half, None, quiet)
    bake_loras(source, [Weighted(lora, 0.5), Weighted(lora, 1.5)], twice, None, quiet)
    assert same_change(half, whole, source, -0.5)
    assert same_change(twice, whole, source, 2)


def test_text_encoders_have_a_strength_of_their_own(sd1, tmp_path):
    source, lora = sd1
    baked = bake_loras(source, [Weighted(lora, 0, 1)], tmp_path / "x.safetensors", None, quiet)
    assert baked.moved.keys() == {"text_encoder"}
    assert baked.num_changed == 18


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_precision_is_as_asked_and_what_is_added_is_rounded_once(sd1, tmp_path, dtype):
    source, lora = sd1
    halved = {name: tensor.half() for name, tensor in load_file(source).items()}
    write_checkpoint(tmp_path / "half.safetensors", halved, {})
    exact = bake_loras(source, [Weighted(lora)], tmp_path / "exact.safetensors", None, quiet)
    baked = bake_loras(
        tmp_path / "half.safetensors", [Weighted(lora)], tmp_path / "x.safetensors", dtype, quiet
    )
    before, found, wanted = (load_file(path)[QUERY_KEY] for path in (source, baked.path, exact.path))
    assert found.dtype == dtype
    assert torch.allclose(found.float(), (before.half() + wanted - before).to(dtype).float(), atol=1e-6)


def test_an_average_that_is_none_any_more_is_left_out(sd1, tmp_path):
    source, lora = sd1
    write_checkpoint(tmp_path / "ema.safetensors", {**load_file(source), "model_ema.x": torch.ones(1)}, {})
    for strengths, num_left_out in (((1.0, 0.0), 1), ((0.0, 1.0), 0)):
        baked = bake_loras(
            tmp_path / "ema.safetensors",
            [Weighted(lora, *strengths)],
            tmp_path / "x.safetensors",
            None,
            quiet,
        )
        assert baked.num_left_out == num_left_out
        assert ("model_ema.x" in load_file(baked.path)) == (not num_left_out)


def test_differences_of_weight_and_bias_are_added(sd1, tmp_path):
    source, _ = sd1
    before = load_file(source)
    name = f"{UNET}out.2"
    changes = {"diff": torch.ones_like(before[f"{name}.weight"]), "diff_b": torch.ones(4)}
    lora = tmp_path / "diff.safetensors"
    write_checkpoint(lora, {f"lora_unet_conv_out.{key}": tensor for key, tensor in changes.items()}, {})
    after = load_file(bake_loras(source, [Weighted(lora, 2)], tmp_path / "x.safetensors", None, quiet).path)
    for suffix in ("weight", "bias"):
        torch.testing.assert_close(after[f"{name}.{suffix}"], before[f"{name}.{suffix}"] + 2)


def test_what_does_not_fit_is_refused_by_name(sd1, tmp_path):
    source, lora = sd1
    tensors = load_file(lora)

    def bake(changed):
        write_checkpoint(tmp_path / "odd.safetensors", changed, {})
        bake_loras(source, [Weighted(tmp_path / "odd.safetensors")], tmp_path / "x.safetensors", None, quiet)

    with pytest.raises(AdapterError, match=r"1 of its .* belong to no layer, e\.g\. lora_unet_nowhere"):
        bake({**tensors, "lora_unet_nowhere.alpha": torch.ones(())})
    with pytest.raises(AdapterError, match=f"{QUERY} in odd.safetensors: .* does not fit"):
        bake({**tensors, f"lora_unet_{QUERY}.lora_up.weight": torch.ones(5, 4)})
    with pytest.raises(AdapterError, match=r"lora_unet_conv_out in odd.safetensors: its bias"):
        bake({"lora_unet_conv_out.diff_b": torch.ones(5)})
    with pytest.raises(AdapterError, match=r"changes mid_block.*to_q\.bias, which the unet"):
        bake({f"lora_unet_{QUERY}.diff_b": torch.ones(5)})
    assert not (tmp_path / "x.safetensors").exists()


def test_what_it_was_made_of_is_told(sd1, tmp_path):
    source, lora = sd1
    bake_loras(source, [Weighted(lora)], tmp_path / "x.safetensors", None, quiet)
    with safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        told = file.metadata()
    assert told["modelspec.merged_from"] == "tiny.safetensors, lora.safetensors"
    assert told["modelspec.title"] == "x"
