import hashlib
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from peft.tuners.tuners_utils import BaseTunerLayer

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.lora import add_lora, attach_lora, lora_weights
from dreambooth.adapters.lora_file import read_lora, save_lora, write_lora
from dreambooth.config.lora import LoraConfig
from dreambooth.models.architecture import STABLE_DIFFUSION_15
from dreambooth.models.configs import build_without_weights
from dreambooth.models.export import export_checkpoint
from dreambooth.models.single_file import CheckpointError, write_checkpoint
from dreambooth.models.stable_diffusion import StableDiffusion
from dreambooth.models.working import open_working
from tests.adapters.merged import merged_weights
from tests.adapters.test_lora import draw

T10 = [f"attn{n}_{layer}" for n in (1, 2) for layer in ("to_q", "to_k", "to_v", "to_out_0")]
T10 += ["ff_net_0_proj", "ff_net_2"]
TRANSFORMERS = (
    [f"lora_unet_down_blocks_{i}_attentions_{j}" for i in range(3) for j in range(2)]
    + ["lora_unet_mid_block_attentions_0"]
    + [f"lora_unet_up_blocks_{i}_attentions_{j}" for i in range(1, 4) for j in range(3)]
)
TEXT_LAYERS = [
    "self_attn_q_proj",
    "self_attn_k_proj",
    "self_attn_v_proj",
    "self_attn_out_proj",
    "mlp_fc1",
    "mlp_fc2",
]
MODULES = (
    {f"{a}_{proj}" for a in TRANSFORMERS for proj in ("proj_in", "proj_out")}
    | {f"{a}_transformer_blocks_0_{layer}" for a in TRANSFORMERS for layer in T10}
    | {f"lora_te_text_model_encoder_layers_{i}_{layer}" for i in range(12) for layer in TEXT_LAYERS}
)


@pytest.fixture(scope="module")
def path(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("lora") / "robot.safetensors"
    save_lora(path, trained, {"ss_sd_model_name": "toy.safetensors"}, torch.float32)
    return path


def test_names_are_exactly_those_that_webuis_know(path):
    assert len(MODULES) == 192 + 72
    suffixes = ("lora_down.weight", "lora_up.weight", "alpha")
    assert set(read_lora(path).shapes) == {f"{module}.{suffix}" for module in MODULES for suffix in suffixes}


@pytest.mark.parametrize(
    ("module", "down", "up"),
    [
        ("lora_unet_down_blocks_0_attentions_0_proj_in", (4, 32, 1, 1), (32, 4, 1, 1)),
        ("lora_unet_down_blocks_1_attentions_1_transformer_blocks_0_attn2_to_k", (4, 64), (96, 4)),
        ("lora_unet_up_blocks_3_attentions_2_transformer_blocks_0_ff_net_0_proj", (4, 32), (256, 4)),
        ("lora_te_text_model_encoder_layers_11_mlp_fc2", (4, 256), (64, 4)),
    ],
)
def test_shapes_are_those_of_kohya(path, module, down, up):
    shapes = read_lora(path).shapes
    assert (shapes[f"{module}.lora_down.weight"], shapes[f"{module}.lora_up.weight"]) == (down, up)
    assert shapes[f"{module}.alpha"] == ()


def test_a_lora_of_stable_diffusion_15_is_as_large_as_kohyas():
    model = StableDiffusion(Path(), STABLE_DIFFUSION_15, build_without_weights(STABLE_DIFFUSION_15))
    add_lora(model, "lora", LoraConfig(rank=4), ["unet", "text_encoder"], seed=0)
    weights = lora_weights(model)
    assert len(weights) == 792
    assert sum(tensor.numel() for tensor in weights.values()) == 2_359_560
    wide = "lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_ff_net_0_proj"
    assert weights[f"{wide}.lora_up.weight"].shape == (10240, 4)


def test_a_saved_lora_in_a_fresh_model_draws_the_same(model, trained, path):
    attach_lora(model, read_lora(path).tensors)
    torch.testing.assert_close(draw(model), draw(trained), rtol=0, atol=1e-5)


def test_a_checkpoint_of_merged_weights_draws_the_same(model, trained, working, path, tmp_path):
    attach_lora(model, read_lora(path).tensors)
    export_checkpoint(
        open_working(model.working), merged_weights(model), tmp_path / "merged.safetensors", torch.float32, {}
    )
    pipeline = StableDiffusionPipeline.from_single_file(
        tmp_path / "merged.safetensors", config=str(working), safety_checker=None, dtype=torch.float32
    )
    torch.testing.assert_close(draw_with_diffusers(pipeline), draw(trained), rtol=0, atol=1e-5)


@torch.no_grad()
def draw_with_diffusers(pipeline):
    """The same as ``draw``, through a diffusers pipeline."""
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    captions = ["a red robot on grass", "a fish"]
    tokens = pipeline.tokenizer(captions, padding="max_length", max_length=77, return_tensors="pt")
    states = pipeline.text_encoder(tokens.input_ids).last_hidden_state
    return pipeline.unet(latents, torch.tensor([100, 700]), states).sample


def test_diffusers_reads_the_file_and_draws_the_same(trained, working, path):
    pipeline = StableDiffusionPipeline.from_pretrained(working, dtype=torch.float32, local_files_only=True)
    assert not torch.allclose(draw_with_diffusers(pipeline), draw(trained), atol=1e-3)
    pipeline.load_lora_weights(path.parent, weight_name=path.name)
    adapted = [m for part in (pipeline.unet, pipeline.text_encoder) for m in part.modules()]
    assert sum(isinstance(module, BaseTunerLayer) for module in adapted) == 264
    torch.testing.assert_close(draw_with_diffusers(pipeline), draw(trained), rtol=0, atol=1e-5)


def test_the_metadata_tells_readers_what_they_look_for(path):
    metadata = read_lora(path).metadata
    expected = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": "4",
        "ss_network_alpha": "2.0",
        "ss_base_model_version": "sd_v1",
        "ss_v2": "False",
        "ss_output_name": "robot",
        "ss_sd_model_name": "toy.safetensors",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": "robot",
    }
    assert {name: metadata[name] for name in expected} == expected


def test_the_hash_is_of_the_bytes_after_the_header(path):
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    assert read_lora(path).metadata["sshs_model_hash"] == hashlib.sha256(content[header:]).hexdigest()


def test_everything_is_saved_in_the_chosen_dtype(trained, tmp_path):
    save_lora(tmp_path / "x.safetensors", trained, {}, torch.float16)
    tensors = read_lora(tmp_path / "x.safetensors").tensors
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}


def test_an_average_can_be_saved_in_place_of_the_live_weights(trained, tmp_path):
    average = {name: 0.5 * tensor for name, tensor in lora_weights(trained).items()}
    write_lora(tmp_path / "x.safetensors", trained.architecture, average, {}, torch.float32)
    saved = read_lora(tmp_path / "x.safetensors").tensors
    assert all(torch.equal(saved[name], tensor) for name, tensor in average.items())


def test_what_is_no_lora_is_refused(model, tmp_path):
    with pytest.raises(AdapterError, match="has no LoRA to save"):
        save_lora(tmp_path / "x.safetensors", model, {}, torch.float16)
    write_checkpoint(tmp_path / "y.safetensors", {"a": torch.zeros(1)}, {})
    with pytest.raises(AdapterError, match="is not a LoRA file"):
        read_lora(tmp_path / "y.safetensors")


def test_nan_is_never_saved(trained, tmp_path):
    broken = {name: tensor * torch.nan for name, tensor in lora_weights(trained).items()}
    with pytest.raises(CheckpointError, match="NaN"):
        write_lora(tmp_path / "x.safetensors", trained.architecture, broken, {}, torch.float32)
