import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.reading import read_adapter
from dreambooth.models.names import UNET
from dreambooth.models.single_file import write_checkpoint
from dreambooth.tools.bake_lora import bake_loras
from dreambooth.tools.extract_lora import ExtractRequest, extract_lora
from dreambooth.tools.low_rank import RankRule
from dreambooth.tools.weighted import Weighted
from tests.models.tiny import FAMILIES, write_tiny
from tests.tools.small_files import quiet
from tests.tools.tiny_models import adapt, load_file_as_model, save_adapter

RULE = RankRule(rank=4, conv_rank=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkpoint of a family, a LoRA for it, and both in one."""
    files = {}

    def make(family):
        if family not in files:
            folder = tmp_path_factory.mktemp("family")
            base = write_tiny(folder / "base.safetensors", FAMILIES[family])
            model = adapt(load_file_as_model(base, folder / "working"), conv_rank=2)
            lora = save_adapter(model, folder / "lora.safetensors")
            bake_loras(base, [Weighted(lora)], folder / "tuned.safetensors", None, quiet)
            files[family] = base, folder / "tuned.safetensors", lora
        return files[family]

    return make


@pytest.fixture
def extract(made, tmp_path):
    """Extracts a LoRA from the two checkpoints of a family."""

    def extract_from(family="sd1", base=None, tuned=None, dtype=None, **asked):
        files = made(family)
        request = ExtractRequest(
            base=base or files[0], tuned=tuned or files[1], **{"rule": RULE, "convolutions": True, **asked}
        )
        return extract_lora(request, tmp_path / "x.safetensors", dtype, quiet)

    return extract_from


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_what_was_baked_in_comes_out_again(made, extract, tmp_path, family):
    base, tuned, lora = made(family)
    extracted = extract(family)
    again = tmp_path / "again.safetensors"
    bake_loras(base, [Weighted(extracted.lora.path)], again, None, quiet)
    found, wanted = load_file(again), load_file(tuned)
    assert all(torch.allclose(found[name], wanted[name], atol=1e-4) for name in wanted)
    assert load_file(extracted.lora.path).keys() == load_file(lora).keys()
    assert extracted.lora.kept == pytest.approx(1, abs=1e-4)
    assert extracted.outside < 0.01


def test_convolutions_are_left_out_unless_asked_for(extract):
    extracted = extract(convolutions=False)
    assert not any("_resnets_" in name for name in load_file(extracted.lora.path))
    assert extracted.outside > 0.1
    assert extracted.lora.kept == pytest.approx((1 - extracted.outside**2) ** 0.5, abs=1e-3)


def test_a_lower_rank_keeps_less(extract):
    extracted = extract(rule=RankRule(rank=1, conv_rank=1))
    assert extracted.lora.ranks == (1, 1)
    assert 0.2 < extracted.lora.kept < 0.9


def test_a_text_encoder_that_hardly_differs_is_left_out_and_told(made, extract, tmp_path):
    base, tuned, _ = made("sdxl")
    near = {
        name: load_file(base)[name] + 1e-4 if name.startswith("conditioner.embedders.0.") else tensor
        for name, tensor in load_file(tuned).items()
    }
    write_checkpoint(tmp_path / "near.safetensors", near, {})
    extracted = extract("sdxl", tuned=tmp_path / "near.safetensors")
    assert extracted.left_out == {"text_encoder": pytest.approx(1e-4, rel=0.1)}
    names = load_file(extracted.lora.path)
    assert not any(name.startswith("lora_te1_") for name in names)
    assert any(name.startswith("lora_te2_") for name in names)
    assert extract("sdxl", tuned=tmp_path / "near.safetensors", min_difference=1e-6).left_out == {}


def test_change_in_layers_that_a_lora_does_not_have_is_told(made, extract, tmp_path):
    base = load_file(made("sd1")[0])
    name = f"{UNET}out.2.weight"
    write_checkpoint(tmp_path / "x.ckpt", {**base, name: base[name] + 1}, {})
    extracted = extract(tuned=tmp_path / "x.ckpt")
    assert extracted.outside == pytest.approx(1)
    assert extracted.lora.kept == 0


def test_precision_is_that_of_the_tuned_model_or_as_asked(extract):
    for dtype, expected in ((None, torch.float32), (torch.float16, torch.float16)):
        tensors = load_file(extract(dtype=dtype).lora.path)
        assert {tensor.dtype for tensor in tensors.values()} == {expected}


def test_the_file_says_what_it_is_for(extract):
    with safe_open(extract("sdxl").lora.path, framework="pt") as file:
        told = file.metadata()
    assert told["ss_base_model_version"] == "sdxl_base_v1-0"
    assert told["modelspec.architecture"] == "stable-diffusion-xl-v1-base/lora"
    assert told["ss_sd_model_name"] == "base.safetensors"
    assert told["ss_training_comment"].startswith("extracted from tuned.safetensors against base.safetensors")
    assert (told["ss_network_dim"], told["ss_network_alpha"]) == ("4", "4.0")


def test_models_that_are_the_same_or_of_other_kinds_are_refused(made, extract):
    with pytest.raises(AdapterError, match="do not differ"):
        extract(tuned=made("sd1")[0])
    with pytest.raises(AdapterError, match="models of different kinds"):
        extract(tuned=made("sd2")[1])


def test_all_modules_are_ones_that_readers_know(extract):
    extracted = extract("sd2")
    assert read_adapter(extracted.lora.path, FAMILIES["sd2"]).keys() == load_file(extracted.lora.path).keys()
