import pytest
import torch

from dreambooth.tools.movement import Movement, sum_of_squares


def test_large_tensors_are_added_up_exactly():
    tensor = torch.randn(5_000_000, generator=torch.Generator().manual_seed(0))
    exact = tensor.double().square().sum().item()
    assert sum_of_squares(tensor) == pytest.approx(exact, rel=1e-5)


def test_movement_is_relative_to_all_weights_of_a_part():
    movement = Movement()
    movement.add("unet.a", torch.tensor([2.0]), torch.tensor([1.0]))
    movement.add("unet.b", torch.tensor([3.0]), torch.tensor([3.0]))
    movement.add("vae.a", torch.tensor([1.0]), torch.tensor([1.0]))
    movement.add("unet.positions", torch.tensor([1]), torch.tensor([0]))
    assert movement.moved == {"unet": pytest.approx(0.1**0.5)}
    assert movement.num_changed == 1


def test_what_moved_away_from_nothing_moved_infinitely():
    movement = Movement()
    movement.add("unet.a", torch.ones(1), torch.zeros(1))
    assert movement.moved == {"unet": float("inf")}
