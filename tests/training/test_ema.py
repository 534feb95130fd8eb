"""The average of weights."""

import pytest
import torch
from torch import nn

from dreambooth.training.ema import Ema, ema_decay


@pytest.fixture
def parameters():
    return [nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(2))]


@torch.no_grad()
def fill(parameters, value):
    for parameter in parameters:
        parameter.fill_(value)


def test_decay_rises_to_its_greatest():
    assert [ema_decay(n, 0.9) for n in (0, 1, 8)] == pytest.approx([0.1, 2 / 11, 0.5])
    assert ema_decay(10**6, 0.9) == 0.9
    assert ema_decay(0, 0.0) == 0.0


def test_average_moves_towards_the_weights(parameters):
    ema = Ema(parameters, 0.5)
    fill(parameters, 1.0)
    ema.update(0)
    assert ema.average[0].tolist() == pytest.approx([0.9] * 3)
    ema.update(1000)
    assert ema.average[1].tolist() == pytest.approx([0.95] * 2)


def test_average_stands_in_and_the_weights_come_back_bit_for_bit(parameters):
    ema = Ema(parameters, 0.5)
    fill(parameters, 1 / 3)
    with ema.applied():
        assert parameters[0].tolist() == [0.0] * 3
    assert torch.equal(parameters[0], torch.full((3,), 1 / 3))
    assert all(parameter.requires_grad for parameter in parameters)


def test_weights_come_back_after_an_error(parameters):
    ema = Ema(parameters, 0.5)
    fill(parameters, 1.0)

    def fail():
        with ema.applied():
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert parameters[1].tolist() == [1.0, 1.0]
