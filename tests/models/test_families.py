"""Every family, also as an inpainting model: found, made, given back, and the same results as diffusers'."""

from dataclasses import replace

import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file

from dreambooth.config.folders import WEIGHT_FILES
from dreambooth.models.architecture import STABLE_DIFFUSION_15, STABLE_DIFFUSION_XL
from dreambooth.models.configs import pipeline_name, read_architecture
from dreambooth.models.create import create_working, read_source
from dreambooth.models.detect import detect_architecture
from dreambooth.models.export import export_checkpoint, export_diffusers_folder
from dreambooth.models.family import Conditions, Frame
from dreambooth.models.load import leave_file, load_model
from dreambooth.models.names import SDXL_TEXT, SDXL_TEXT_2, UNET
from dreambooth.models.single_file import read_checkpoint
from dreambooth.models.tokenizer import clip_tokenizer
from dreambooth.models.working import open_working
from tests.models.tiny import FAMILIES, original_shapes, write_tiny


@pytest.fixture(scope="module", params=FAMILIES)
def architecture(request):
    return FAMILIES[request.param]


@pytest.fixture(scope="module")
def source(architecture, tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("source") / "tiny.safetensors", architecture)


@pytest.fixture(scope="module")
def working(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "working"
    create_working(read_source(source), folder)
    return folder


@pytest.fixture(scope="module")
def model(working):
    return load_model(working)


@pytest.fixture(scope="module")
def pipeline(source, architecture, working):
    """The source, read by diffusers itself."""
    loader = getattr(__import__("diffusers"), pipeline_name(architecture))
    others = {} if architecture.family == "sdxl" else {"safety_checker": None}
    read = loader.from_single_file(
        source, config=str(working), local_files_only=True, dtype=torch.float32, **others
    )
    for module in (read.unet, read.vae):
        leave_file(module)  # or else last bits differ with the place in memory
    return read


def assert_same_tensors(left, right):
    assert left.shapes == right.shapes
    for name in left.shapes:
        assert left.tensors[name].dtype == right.tensors[name].dtype
        assert torch.equal(left.tensors[name], right.tensors[name]), name


def test_architecture_is_found_from_file_folder_and_model(source, architecture, working, model):
    assert read_source(source).architecture == architecture
    assert read_architecture(working) == architecture
    assert model.architecture == architecture


def test_round_trip_gives_back_every_bit(source, working, tmp_path):
    exported = export_checkpoint(open_working(working), {}, tmp_path / "x.safetensors", torch.float32, {})
    assert_same_tensors(read_checkpoint(exported.path), read_checkpoint(source))


def test_folder_to_file_and_back_gives_back_every_bit(working, architecture, tmp_path):
    export_diffusers_folder(open_working(working), {}, tmp_path / "folder", None)
    export_checkpoint(read_source(tmp_path / "folder"), {}, tmp_path / "x.safetensors", None, {})
    assert read_checkpoint(tmp_path / "x.safetensors").shapes == original_shapes(architecture)
    create_working(read_source(tmp_path / "x.safetensors"), tmp_path / "back")
    files = [file for file in WEIGHT_FILES.values() if (working / file).exists()]
    assert len(files) == len([file for file in WEIGHT_FILES.values() if (tmp_path / "back" / file).exists()])
    for file in files:
        assert_same_tensors(read_checkpoint(tmp_path / "back" / file), read_checkpoint(working / file))


def test_diffusers_reads_the_folder_with_the_same_weights(working, model):
    pipeline = DiffusionPipeline.from_pretrained(working, local_files_only=True, dtype=torch.float32)
    for part in (*model.parts, "vae"):
        loaded = getattr(pipeline, part).state_dict()
        expected = load_file(working / WEIGHT_FILES[part])
        assert loaded.keys() == expected.keys()
        assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def conditions(model, captions):
    """Captions with an odd frame, and a hole where the model needs one."""
    frame = Frame(original_height=100, original_width=90, top=3, left=5, height=64, width=64)
    masks, left_over = torch.ones(len(captions), 1, 64, 64), torch.full((len(captions), 4, 8, 8), 0.5)
    masks[:, :, :32] = 0
    return Conditions(
        text=model.encode_captions(captions),
        frames=[frame] * len(captions),
        hole=model.hole(masks, left_over) if model.inpaints else None,
    )


@torch.no_grad()
def test_unet_gives_what_that_of_diffusers_gives(model, pipeline):
    latents, timesteps = torch.randn(2, 4, 8, 8), torch.tensor([100, 700])
    told = conditions(model, ["a robot", "a fish"])
    inputs = latents if told.hole is None else torch.cat([latents, told.hole], dim=1)
    added = None
    if told.text.pooled is not None:
        times = torch.tensor([[100.0, 90, 3, 5, 64, 64]] * 2)
        added = {"text_embeds": told.text.pooled, "time_ids": times}
    expected = pipeline.unet(
        inputs, timesteps, encoder_hidden_states=told.text.hidden, added_cond_kwargs=added
    ).sample
    torch.testing.assert_close(model.predict(latents, timesteps, told), expected, rtol=0, atol=1e-6)


@torch.no_grad()
def test_captions_are_read_as_the_pipeline_reads_them(model, pipeline):
    caption = "a photo of a robot, " + "fish " * 30
    states = model.encode_captions([caption])
    told = pipeline.encode_prompt(
        caption, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
    )
    torch.testing.assert_close(states.hidden, told[0], rtol=0, atol=1e-6)
    if states.pooled is not None:
        torch.testing.assert_close(states.pooled, told[2], rtol=0, atol=1e-6)


@torch.no_grad()
def test_pictures_are_encoded_as_the_pipeline_encodes_them(model, pipeline, architecture):
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    expected = pipeline.vae.encode(pictures).latent_dist.mean * pipeline.vae.config.scaling_factor
    torch.testing.assert_close(model.encode_pictures(pictures).mean, expected, rtol=0, atol=1e-6)
    assert pipeline.vae.config.scaling_factor == architecture.facts.latent_scale


def test_vae_is_never_in_half_precision(working):
    half = load_model(working, torch.float16)
    assert {weight.dtype for weight in half.vae.parameters()} == {torch.float32}
    assert {weight.dtype for part in half.parts.values() for weight in part.parameters()} == {torch.float16}


def test_vae_is_exact_also_under_mixed_precision(model):
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    exact = model.encode_pictures(pictures).mean
    with torch.autocast("cpu", torch.bfloat16):
        rounded = model.encode_pictures(pictures).mean
        drawn = model.decode_latents(exact)
    assert torch.equal(rounded, exact)
    assert torch.equal(drawn, model.decode_latents(exact))


def test_full_size_sdxl_is_found_from_its_shapes():
    shapes = original_shapes(STABLE_DIFFUSION_XL)
    assert detect_architecture(shapes, {}, "epsilon") == STABLE_DIFFUSION_XL
    counts = {UNET: 1680, SDXL_TEXT: 196, SDXL_TEXT_2: 390}
    assert {start: sum(name.startswith(start) for name in shapes) for start in counts} == counts
    assert shapes["model.diffusion_model.label_emb.0.0.weight"] == (1280, 2816)
    assert shapes["conditioner.embedders.1.model.transformer.resblocks.31.attn.in_proj_weight"] == (
        3840,
        1280,
    )


def test_full_size_inpainting_model_is_found_from_its_shapes():
    inpainting = replace(STABLE_DIFFUSION_15, unet_inputs=9)
    shapes = original_shapes(inpainting)
    assert shapes["model.diffusion_model.input_blocks.0.0.weight"] == (320, 9, 3, 3)
    assert detect_architecture(shapes, {}, "epsilon") == inpainting


@torch.no_grad()
def test_pooled_text_is_projected_as_open_clip_projects_it(tmp_path):
    path = write_tiny(tmp_path / "tiny.safetensors", FAMILIES["sdxl"])
    create_working(read_source(path), tmp_path / "working")
    model = load_model(tmp_path / "working")
    encoder = model.parts["text_encoder_2"]
    tokens = clip_tokenizer("!")("a robot", padding="max_length", return_tensors="pt").input_ids
    normed = encoder.text_model(tokens).last_hidden_state
    end = int(tokens[0].argmax())
    projection = read_checkpoint(path).tensors[f"{SDXL_TEXT_2}text_projection"]
    torch.testing.assert_close(model.encode_captions(["a robot"]).pooled, normed[:, end] @ projection)
    assert not torch.allclose(projection, projection.T)
