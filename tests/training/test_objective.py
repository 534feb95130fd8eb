"""The maths of diffusion training, with numbers."""

import math

import pytest
import torch

from dreambooth.training.objective import (
    add_noise,
    kept_at,
    min_snr_weights,
    squared_errors,
    target,
    with_offset,
)


def column(*values: float) -> torch.Tensor:
    """One number per example, as (B, 1, 1, 1)."""
    return torch.tensor(values).reshape(-1, 1, 1, 1)


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
