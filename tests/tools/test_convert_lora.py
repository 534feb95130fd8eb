import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import kohya_modules
from dreambooth.adapters.weight_change import group_keys
from dreambooth.models.architecture import FULL_SIZE, STABLE_DIFFUSION_21, STABLE_DIFFUSION_XL
from dreambooth.models.single_file import write_checkpoint
from dreambooth.models.source import expected_shapes
from dreambooth.tools.convert_lora import convert_lora
from tests.models.tiny import FAMILIES, write_tiny
from tests.tools.tiny_models import adapt, load_file_as_model, save_adapter


@pytest.fixture(scope="module", params=["sd1", "sd2", "sdxl"])
def family(request, tmp_path_factory):
    """A checkpoint and a LoRA for it."""
    folder = tmp_path_factory.mktemp("family")
    base = write_tiny(folder / "base.safetensors", FAMILIES[request.param])
    return base, save_adapter(
        adapt(load_file_as_model(base, folder / "working")), folder / "lora.safetensors"
    )


def full_size_lora(architecture) -> dict[str, torch.Tensor]:
    """Rank 1 on the layers of one transformer and one text layer."""
    shapes = expected_shapes(architecture)
    tensors = {}
    for module, place in kohya_modules(architecture).items():
        weight = shapes[place.part][f"{place.path}.weight"]
        if ("attn2.to_k" in place.path or "layers.0.self_attn" in place.path) and len(weight) == 2:
            tensors[f"{module}.lora_down.weight"] = torch.ones(1, weight[1])
            tensors[f"{module}.lora_up.weight"] = torch.ones(weight[0], 1)
            tensors[f"{module}.alpha"] = torch.tensor(0.5)
    return tensors


def test_there_and_back_is_the_same(family, tmp_path):
    base, lora = family
    there, back = tmp_path / "diffusers.safetensors", tmp_path / "kohya.safetensors"
    num_modules = convert_lora(lora, base, "diffusers", there, None)
    assert all(name.startswith(("unet.", "text_encoder")) for name in load_file(there))
    convert_lora(there, base, "kohya", back, None)
    found, wanted = load_file(back), load_file(lora)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert num_modules == len(group_keys(wanted))


def test_the_models_that_it_is_for_are_told(family, tmp_path):
    base, lora = family
    with safe_open(lora, framework="pt") as file:
        before = file.metadata()
    convert_lora(lora, base, "diffusers", tmp_path / "there.safetensors", None)
    convert_lora(tmp_path / "there.safetensors", base, "kohya", tmp_path / "back.safetensors", None)
    with safe_open(tmp_path / "back.safetensors", framework="pt") as file:
        told = file.metadata()
    for key in ("ss_base_model_version", "ss_v2", "modelspec.architecture", "ss_network_dim"):
        assert told[key] == before[key]
    assert told["sshs_model_hash"] == before["sshs_model_hash"]
    assert "lora_adapter_metadata" not in told


@pytest.mark.parametrize("architecture", FULL_SIZE, ids=lambda each: each.family)
def test_the_usual_models_are_known_by_the_shapes(architecture, tmp_path):
    write_checkpoint(tmp_path / "lora.safetensors", full_size_lora(architecture), {})
    convert_lora(tmp_path / "lora.safetensors", None, "diffusers", tmp_path / "x.safetensors", None)
    convert_lora(tmp_path / "x.safetensors", None, "kohya", tmp_path / "back.safetensors", None)
    with safe_open(tmp_path / "back.safetensors", framework="pt") as file:
        assert file.metadata()["ss_v2"] == str(architecture == STABLE_DIFFUSION_21)
    assert load_file(tmp_path / "back.safetensors").keys() == full_size_lora(architecture).keys()


def test_diffusers_names_of_an_sdxl_file_become_those_that_all_readers_know(tmp_path):
    tensors = full_size_lora(STABLE_DIFFUSION_XL)
    places = kohya_modules(STABLE_DIFFUSION_XL)
    other = {
        f"lora_unet_{places[module].path.replace('.', '_')}.{suffix}": tensors[key]
        for module, keys in group_keys(tensors).items()
        if module.startswith("lora_unet_")
        for suffix, key in keys.items()
    }
    assert any(name.startswith("lora_unet_down_blocks_1_attentions_0_") for name in other)
    write_checkpoint(tmp_path / "lora.safetensors", other, {"ss_output_name": "style"})
    convert_lora(tmp_path / "lora.safetensors", None, "kohya", tmp_path / "x.safetensors", torch.float16)
    found = load_file(tmp_path / "x.safetensors")
    assert found.keys() == {name for name in tensors if name.startswith("lora_unet_")}
    assert {tensor.dtype for tensor in found.values()} == {torch.float16}


def test_what_fits_no_usual_model_wants_a_checkpoint(family, tmp_path):
    with pytest.raises(AdapterError, match="with --base"):
        convert_lora(family[1], None, "kohya", tmp_path / "x.safetensors", None)
    with pytest.raises(AdapterError, match="must end with"):
        convert_lora(*family[::-1], "kohya", tmp_path / "x.ckpt", None)
