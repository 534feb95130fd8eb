"""The maths of diffusion training, with numbers."""

import math

import pytest
import torch

from dreambooth.models.stable_diffusion import scaled_linear_alphas_cumprod, with_zero_terminal_snr
from dreambooth.training.objective import (
    add_noise,
    capped,
    debiased_weights,
    dream_noise,
    element_losses,
    huber_thresholds,
    kept_at,
    like_noise_weights,
    logit_normal_shares,
    min_snr_weights,
    predicted_noise,
    pyramid_sizes,
    spread_shares,
    squared_errors,
    target,
    timesteps_between,
    weighted_losses,
    with_offset,
    with_pyramid,
)


def column(*values: float) -> torch.Tensor:
    """One number per example, as (B, 1, 1, 1)."""
    return torch.tensor(values).reshape(-1, 1, 1, 1)


# What kohya's trainer was seen to compute at these timesteps of Stable Diffusion's schedule.
TIMESTEPS = torch.tensor([0, 100, 500, 900, 999])
SNR = [1175.44, 8.45386, 0.38185, 0.01435, 0.00468]
SD_KEPT = kept_at(scaled_linear_alphas_cumprod(), TIMESTEPS, torch.zeros(1))

LATENTS, NOISE = column(3.0, 3.0, 3.0), column(5.0, 5.0, 5.0)
KEPT = column(1.0, 0.64, 0.0)


def test_kept_is_looked_up_per_example_in_the_precision_of_the_latents():
    kept = kept_at(torch.tensor([0.9, 0.5, 0.1], dtype=torch.float64), torch.tensor([2, 0]), LATENTS)
    assert kept.shape == (2, 1, 1, 1)
    assert kept.dtype == torch.float32
    assert kept.flatten().tolist() == pytest.approx([0.1, 0.9])


def test_noise_takes_the_place_of_the_signal():
    noisy = add_noise(LATENTS, NOISE, KEPT).flatten().tolist()
    assert noisy == pytest.approx([3.0, 0.8 * 3 + 0.6 * 5, 5.0])


def test_noise_keeps_the_variance():
    generator = torch.Generator().manual_seed(0)
    latents, noise = torch.randn(2, 40_000, generator=generator)
    assert add_noise(latents, noise, torch.tensor(0.3)).var().item() == pytest.approx(1, abs=0.02)


def test_target_is_the_noise_or_the_velocity():
    assert target(LATENTS, NOISE, KEPT, "epsilon") is NOISE
    velocity = target(LATENTS, NOISE, KEPT, "v_prediction").flatten().tolist()
    assert velocity == pytest.approx([5.0, 0.8 * 5 - 0.6 * 3, -3.0])


def test_signal_and_noise_follow_from_noisy_latents_and_velocity():
    noisy, velocity = add_noise(LATENTS, NOISE, KEPT), target(LATENTS, NOISE, KEPT, "v_prediction")
    torch.testing.assert_close(KEPT.sqrt() * noisy - (1 - KEPT).sqrt() * velocity, LATENTS)
    torch.testing.assert_close((1 - KEPT).sqrt() * noisy + KEPT.sqrt() * velocity, NOISE)


def test_errors_are_means_per_example_in_float32():
    prediction = torch.tensor([[[[1.0, 3.0]]], [[[0.0, 0.0]]]], dtype=torch.bfloat16)
    errors = squared_errors(prediction, torch.zeros(2, 1, 1, 2))
    assert errors.dtype == torch.float32
    assert errors.tolist() == [5.0, 0.0]


@pytest.mark.parametrize(
    ("snr", "weight", "velocity_weight"),
    [(1.0, 1.0, 0.5), (5.0, 1.0, 5 / 6), (20.0, 0.25, 5 / 21), (99.0, 5 / 99, 0.05)],
)
def test_min_snr_weights(snr, weight, velocity_weight):
    kept = column(snr / (1 + snr))
    assert min_snr_weights(kept, 5.0, "epsilon").item() == pytest.approx(weight, rel=1e-4)
    assert min_snr_weights(kept, 5.0, "v_prediction").item() == pytest.approx(velocity_weight, rel=1e-4)


def test_min_snr_weights_at_both_ends_are_finite():
    ends = column(0.0, 1.0)
    assert min_snr_weights(ends, 5.0, "epsilon").tolist() == [1.0, 0.0]
    assert min_snr_weights(ends, 5.0, "v_prediction").tolist()[0] == 0.0
    assert min_snr_weights(ends, 5.0, "epsilon").shape == (2,)


def test_offset_shifts_whole_channels():
    noise = torch.zeros(2, 3, 4, 4)
    shifted = with_offset(noise, torch.arange(6.0).reshape(2, 3, 1, 1), 0.1)
    assert shifted.std((2, 3)).max() == 0
    assert shifted.mean((2, 3)).flatten().tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert math.isclose(noise.sum().item(), 0)


def test_signal_to_noise_ratios_of_stable_diffusion():
    assert (SD_KEPT / (1 - SD_KEPT)).flatten().tolist() == pytest.approx(SNR, rel=2e-3)


def test_min_snr_weights_of_stable_diffusion():
    noise, velocity = (
        min_snr_weights(SD_KEPT, 5, predicts).tolist() for predicts in ("epsilon", "v_prediction")
    )
    assert noise == pytest.approx([0.004254, 0.591446, 1, 1, 1], rel=1e-3)
    assert velocity == pytest.approx([0.004250, 0.528884, 0.276332, 0.014151, 0.004660], rel=1e-3)


def test_debiased_weights_of_stable_diffusion():
    noise = debiased_weights(SD_KEPT, "epsilon").tolist()
    assert noise == pytest.approx([0.0316, 0.3439, 1.6183, 8.3466, 14.6146], rel=2e-3)  # snr counts to 1000
    velocity = debiased_weights(SD_KEPT, "v_prediction").tolist()
    assert velocity == pytest.approx([1 / (min(snr, 1000) + 1) for snr in SNR], rel=1e-3)


def test_velocity_weighed_like_noise_is_the_error_of_the_noise():
    prediction = torch.tensor([1.0, -2.0, 0.5]).reshape(-1, 1, 1, 1)
    noisy, velocity = add_noise(LATENTS, NOISE, KEPT), target(LATENTS, NOISE, KEPT, "v_prediction")
    told = predicted_noise(prediction, noisy, KEPT, "v_prediction")
    weighed = squared_errors(prediction, velocity) * like_noise_weights(KEPT)
    torch.testing.assert_close(weighed, squared_errors(told, NOISE))


def test_all_weights_are_finite_where_nothing_is_kept():
    kept = kept_at(with_zero_terminal_snr(scaled_linear_alphas_cumprod()), torch.tensor([999]), SD_KEPT)
    assert kept.item() == 0
    weights = [
        min_snr_weights(kept, 5, "v_prediction"),
        debiased_weights(kept, "v_prediction"),
        debiased_weights(kept, "epsilon"),
        like_noise_weights(kept),
        huber_thresholds("snr", 0.1, kept, torch.tensor([999]), 1000).flatten(),
    ]
    assert torch.cat(weights).tolist() == pytest.approx([0, 1 / 1.001, 1000**0.5, 0, 0.1])


def test_weights_follow_the_schedule_after_it_was_stretched():
    stretched = kept_at(with_zero_terminal_snr(scaled_linear_alphas_cumprod()), TIMESTEPS, SD_KEPT)
    assert stretched[0] == pytest.approx(0.99915, rel=1e-5)
    assert (min_snr_weights(stretched, 5, "v_prediction") < min_snr_weights(SD_KEPT, 5, "v_prediction"))[
        2:
    ].all()


@pytest.mark.parametrize(
    ("kind", "loss"), [("l2", 0.25), ("l1", 0.5), ("huber", 0.0819804), ("smooth_l1", 0.8198039)]
)
def test_losses_of_an_error_of_one_half(kind, loss):
    error = torch.full((1, 1, 1, 1), 0.5)
    losses = element_losses(error, torch.zeros_like(error), kind, torch.full_like(error, 0.1))
    assert losses.item() == pytest.approx(loss, rel=1e-6)


def test_huber_thresholds_of_stable_diffusion():
    by_snr = huber_thresholds("snr", 0.1, SD_KEPT, TIMESTEPS, 1000).flatten().tolist()
    assert by_snr == pytest.approx([0.94971, 0.59830, 0.23128, 0.11030, 0.10369], rel=1e-4)
    falling = huber_thresholds("exponential", 0.1, SD_KEPT, TIMESTEPS, 1000).flatten().tolist()
    assert falling == pytest.approx([1, 10**-0.1, 10**-0.5, 10**-0.9, 10**-0.999], rel=1e-5)
    assert huber_thresholds("constant", 0.1, SD_KEPT, TIMESTEPS, 1000).unique().tolist() == [
        pytest.approx(0.1)
    ]


def test_capped_loss_keeps_the_direction_of_its_gradient():
    values = torch.tensor([0.5, 4.0], requires_grad=True)
    losses = capped(values, 1.0)
    losses.sum().backward()
    assert losses.tolist() == [0.5, 1.0]
    assert values.grad.tolist() == [1.0, 0.25]


def test_negative_weight_pushes_away_as_far_as_the_margin():
    losses = torch.tensor([0.2, 0.2, 0.7], requires_grad=True)
    weighted = weighted_losses(losses, torch.tensor([1.0, -2.0, -2.0]), 0.5)
    assert weighted.tolist() == pytest.approx([0.2, 0.6, 0])
    weighted.sum().backward()
    assert losses.grad.tolist() == [1, -2, 0]


def test_pyramid_levels_shrink_until_one_is_a_point_wide():
    assert pyramid_sizes(64, 96, [2.0, 2.0, 4.0, 4.0]) == [(32, 48), (16, 24), (1, 1)]
    assert pyramid_sizes(64, 64, [2.0]) == [(32, 32)]


def test_pyramid_noise_has_the_variance_of_noise_in_each_example_by_itself():
    noise = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    coarse = torch.stack([torch.full((4, 2, 2), 3.0), torch.arange(16.0).reshape(4, 2, 2)])
    shaped = with_pyramid(noise, [coarse], 0.5)
    assert shaped.std((1, 2, 3)).tolist() == pytest.approx([1, 1])
    alone = with_pyramid(noise[:1], [coarse[:1]], 0.5)
    torch.testing.assert_close(shaped[:1], alone)
    torch.testing.assert_close(alone, (noise[:1] + 1.5) / noise[:1].std())


def test_dream_adds_the_error_where_there_is_much_noise():
    added = dream_noise(NOISE, NOISE - 2, KEPT, 1.0).flatten().tolist()
    assert added == pytest.approx([0, 2 * 0.6, 2])
    assert dream_noise(NOISE, NOISE - 2, KEPT, 2.0)[1].item() == pytest.approx(2 * 0.36)


def test_noise_that_a_velocity_amounts_to():
    noisy, velocity = add_noise(LATENTS, NOISE, KEPT), target(LATENTS, NOISE, KEPT, "v_prediction")
    torch.testing.assert_close(predicted_noise(velocity, noisy, KEPT, "v_prediction"), NOISE)


def test_spread_shares_are_evenly_apart():
    shares = spread_shares(torch.tensor(0.9), torch.tensor([2, 0, 3, 1])).tolist()
    assert shares == pytest.approx([0.4, 0.9, 0.65, 0.15])


def test_logit_normal_shares_have_their_peak_where_they_are_told():
    numbers = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    assert logit_normal_shares(numbers, 0, 1).median().item() == pytest.approx(0.5, abs=0.01)
    later = logit_normal_shares(numbers, 1, 0.5)
    assert later.median().item() == pytest.approx(1 / (1 + math.exp(-1)), abs=0.01)
    assert later.quantile(0.841).item() == pytest.approx(1 / (1 + math.exp(-1.5)), abs=0.01)


def test_timesteps_stay_within_their_range():
    shares = torch.tensor([0.0, 0.5, 0.999, 1.0])
    assert timesteps_between(shares, 200, 600).tolist() == [200, 400, 599, 599]
