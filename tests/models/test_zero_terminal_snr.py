"""Models whose last timestep is pure noise."""

from dataclasses import replace

import pytest
import torch
import yaml
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

from dreambooth.config.precision import PrecisionConfig
from dreambooth.models.create import create_working, read_source
from dreambooth.models.errors import CheckpointError
from dreambooth.models.export import export_checkpoint, modelspec
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.load import load_model
from dreambooth.models.prediction import find_prediction
from dreambooth.models.single_file import read_checkpoint, write_checkpoint
from dreambooth.models.stable_diffusion import scaled_linear_alphas_cumprod, with_zero_terminal_snr
from dreambooth.models.working import open_working
from dreambooth.training.device import choose_device
from dreambooth.training.samplers import SAMPLER_NAMES, Look, Wish, build_scheduler, draw_pictures
from tests.models.tiny import SDXL, original_shapes, random_tensors, write_tiny

V = replace(SDXL, predicts="v_prediction", has_zero_terminal_snr=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """An SDXL that says by its markers alone what it is."""
    path = tmp_path_factory.mktemp("zero") / "zero.safetensors"
    markers = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    resolution = {"modelspec.resolution": modelspec(V)["modelspec.resolution"]}
    write_checkpoint(path, {**random_tensors(original_shapes(V)), **markers}, resolution)
    return path


@pytest.fixture(scope="module")
def model(source, tmp_path_factory):
    working = tmp_path_factory.mktemp("zero model") / "working"
    create_working(read_source(source), working)
    return load_model(working)


def test_schedule_is_stretched_as_diffusers_stretches_it():
    kept = with_zero_terminal_snr(scaled_linear_alphas_cumprod())
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    expected = torch.cumprod(1 - rescale_zero_terminal_snr(betas), dim=0)
    torch.testing.assert_close(kept, expected)
    assert kept[-1] == 0


def test_markers_are_found_and_written_again(source, model, tmp_path):
    assert model.architecture == V
    assert model.alphas_cumprod[-1] == 0
    export_checkpoint(open_working(model.working), {}, tmp_path / "x.safetensors", None, {})
    assert read_checkpoint(tmp_path / "x.safetensors").shapes == read_checkpoint(source).shapes


def test_markers_are_written_where_the_source_had_none(tmp_path):
    source = read_source(write_tiny(tmp_path / "plain.safetensors", SDXL), Wishes(predicts="v_prediction"))
    create_working(source, tmp_path / "working")
    export_checkpoint(open_working(tmp_path / "working"), {}, tmp_path / "x.safetensors", None, {})
    shapes = read_checkpoint(tmp_path / "x.safetensors").shapes
    assert shapes["v_pred"] == (0,)
    assert "ztsnr" not in shapes


def test_user_overrules_the_markers(source):
    wishes = Wishes(predicts="epsilon", zero_terminal_snr=False)
    assert read_source(source, wishes).architecture == SDXL


def test_noise_cannot_be_predicted_from_noise_alone(source):
    with pytest.raises(CheckpointError, match="cannot predict the noise"):
        read_source(source, Wishes(predicts="epsilon"))


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_drawing_begins_at_the_last_timestep(model, sampler):
    scheduler = build_scheduler(model, sampler)
    scheduler.set_timesteps(4)
    assert int(scheduler.timesteps[0]) == 999
    look = Look(width=64, height=64, num_steps=4, sampler=sampler)
    device = choose_device(PrecisionConfig(device="cpu"))
    [picture] = draw_pictures(model, [Wish(prompt="a robot")], look, device)
    assert len(set(picture.getdata())) > 1


def test_yaml_says_what_a1111_does_not_see(model, tmp_path):
    export_checkpoint(open_working(model.working), {}, tmp_path / "x.safetensors", None, {})
    told = yaml.safe_load((tmp_path / "x.yaml").read_text())["model"]["params"]
    assert told["denoiser_config"]["params"]["scaling_config"]["target"].endswith(".VScaling")
    unet = told["network_config"]["params"]
    assert (unet["adm_in_channels"], unet["transformer_depth"], unet["context_dim"]) == (320, [1, 1, 2], 192)
    assert find_prediction(read_checkpoint(tmp_path / "x.safetensors"), tmp_path / "x.yaml") == "v_prediction"
