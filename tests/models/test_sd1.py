import pytest
import torch
from diffusers import DDPMScheduler

from dreambooth.models.load import load_model
from dreambooth.models.single_file import CheckpointError
from dreambooth.models.stable_diffusion import scaled_linear_alphas_cumprod
from dreambooth.models.working import read_part, save_parts
from tests.models.conditions import told
from tests.models.random_checkpoint import build_parts


def test_the_noise_schedule_is_that_of_diffusers():
    schedule = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    ours = scaled_linear_alphas_cumprod()
    assert ours.dtype == torch.float64
    torch.testing.assert_close(ours.float(), schedule.alphas_cumprod, rtol=1e-5, atol=0)


def test_a_model_tells_its_sizes(model):
    assert (model.architecture.family, model.predicts, model.latent_channels) == ("sd1", "epsilon", 4)
    assert (model.native_resolution, model.latent_factor, model.size_step_px) == (64, 8, 8)
    assert set(model.parts) == {"unet", "text_encoder"}
    assert set(model.text_parts) <= set(model.parts)
    assert not any(weight.requires_grad for weight in model.vae.parameters())


def test_latents_are_scaled_both_ways(model):
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    latents = model.encode_pictures(pictures)
    expected = model.vae.encode(pictures).latent_dist.mean
    torch.testing.assert_close(latents.mean, 0.18215 * expected)
    assert latents.std.shape == (2, 4, 8, 8)
    torch.testing.assert_close(
        model.decode_latents(latents.mean), model.vae.decode(expected).sample, atol=1e-4, rtol=0
    )


def test_captions_are_encoded_alone_as_in_a_batch(model):
    captions = ["a photo of a robot", "", "fish"]
    together = model.encode_captions(captions)
    apart = model.join_states([model.encode_captions([caption]) for caption in captions])
    assert together.hidden.shape == (3, 77, 64)
    torch.testing.assert_close(together.hidden, apart.hidden)
    torch.testing.assert_close(together.rows(1, 3).hidden, apart.hidden[1:])
    assert len(together.rows(1, 3)) == 2


def test_text_states_are_normed(model):
    hidden = model.encode_captions(["a photo of a robot"]).hidden
    torch.testing.assert_close(hidden.mean(-1), torch.zeros(1, 77), atol=1e-5, rtol=0)


def test_long_captions_are_cut(model):
    torch.testing.assert_close(
        model.encode_captions(["robot " * 400]).hidden, model.encode_captions(["robot " * 75]).hidden
    )


def test_predictions_listen_to_the_caption_and_the_time(model):
    latents = torch.randn(1, 4, 8, 8).expand(3, -1, -1, -1)
    states = model.encode_captions(["a red ball", "a red ball", "a blue fish"])
    first, later, other = model.predict(latents, torch.tensor([10, 900, 10]), told(states))
    assert first.shape == (4, 8, 8)
    assert not torch.allclose(first, later)
    assert not torch.allclose(first, other)


@pytest.mark.parametrize("side", [(8, 8), (9, 7)])
def test_any_size_in_steps_is_predicted(model, side):
    latents = torch.randn(1, 4, *side)
    assert model.predict(latents, torch.tensor([1]), told(model.encode_captions([""]))).shape == latents.shape


def test_loading_in_half_precision(shared_working):
    half = load_model(shared_working, torch.bfloat16)
    assert {weight.dtype for module in half.parts.values() for weight in module.parameters()} == {
        torch.bfloat16
    }


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"there is no model_index\.json"):
        load_model(tmp_path)


def test_trained_weights_are_written_back_in_fp32(working):
    weights = build_parts()["unet"].state_dict()
    save_parts(working, {"unet": weights})
    read = read_part(working, "unet")
    assert all(torch.equal(read[name], tensor) for name, tensor in weights.items())
    assert torch.equal(
        load_model(working).parts["unet"].state_dict()["conv_in.weight"], weights["conv_in.weight"]
    )


def test_weights_of_another_model_are_not_written(working):
    with pytest.raises(CheckpointError, match="not those of the model"):
        save_parts(working, {"unet": {"conv_in.weight": torch.zeros(1)}})
