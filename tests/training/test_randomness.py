"""The same parts give the same numbers, and others do not."""

import pytest
import torch

from dreambooth.training.randomness import derive_seed, generator_of, normal


def test_same_parts_give_the_same_numbers_whatever_was_drawn_before():
    first = normal((2, 3), 7, 1, "noise")
    torch.rand(5)
    assert torch.equal(normal((2, 3), 7, 1, "noise"), first)


@pytest.mark.parametrize(
    "parts", [(8, 1, 0, "noise"), (7, 2, 0, "noise"), (7, 1, 1, "noise"), (7, 1, 0, "offset")]
)
def test_seed_step_batch_and_purpose_each_matter(parts):
    assert not torch.equal(normal((4,), *parts), normal((4,), 7, 1, 0, "noise"))


def test_numbers_are_pinned():
    assert derive_seed(0, 0, "noise") == 8826676507162627282
    assert normal((3,), 0, 0, "noise").tolist() == pytest.approx([-2.2138, 0.6839, -1.0057], abs=1e-4)


def test_drawing_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    normal((10,), 1)
    generator_of("a").manual_seed(5)
    assert torch.equal(torch.rand(1), expected)
