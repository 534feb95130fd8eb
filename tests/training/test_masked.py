"""Errors within masks, by hand."""

import pytest
import torch

from dreambooth.training.masked import masked_mean

ERRORS = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]], [[3.0, 5.0], [7.0, 9.0]]]])  # (1, 2, 2, 2)


def mask(*values) -> torch.Tensor:
    return torch.tensor(values).reshape(1, 1, 2, 2)


def test_without_masks_it_is_the_mean():
    assert masked_mean(ERRORS, None).tolist() == [5.0]
    assert masked_mean(ERRORS, torch.ones(1, 1, 2, 2)).tolist() == [5.0]


@pytest.mark.parametrize(
    ("weights", "error"),
    [((1.0, 0.0, 0.0, 0.0), 2.0), ((0.0, 0.0, 1.0, 1.0), 7.0), ((1.0, 0.0, 0.0, 0.5), (2 + 4) / 1.5)],
)
def test_small_mask_weighs_as_much_as_a_large_one(weights, error):
    assert masked_mean(ERRORS, mask(*weights)).item() == pytest.approx(error)


def test_examples_have_masks_of_their_own():
    masks = torch.cat([mask(1.0, 0.0, 0.0, 0.0), mask(1.0, 1.0, 1.0, 1.0)])
    assert masked_mean(ERRORS.expand(2, -1, -1, -1), masks).tolist() == [2.0, 5.0]


def test_mask_that_is_cut_away_teaches_nothing():
    assert masked_mean(ERRORS, torch.zeros(1, 1, 2, 2)).tolist() == [0.0]
    assert masked_mean(ERRORS, mask(0.01, 0.0, 0.0, 0.0)).item() == pytest.approx(0.02)


def test_nothing_is_learnt_outside():
    prediction = torch.zeros(1, 2, 2, 2, requires_grad=True)
    masked_mean((prediction - ERRORS).square(), mask(1.0, 0.0, 0.0, 0.0)).sum().backward()
    assert prediction.grad[..., 0, 0].abs().min() > 0
    assert prediction.grad[..., 1, :].abs().max() == 0
