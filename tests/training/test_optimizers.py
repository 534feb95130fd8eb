"""The optimizers that can be asked for."""

import pytest
import torch
from torch import nn

from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.training.groups import Group
from dreambooth.training.optimizers import build_optimizer, set_lrs

NAMES = ("adamw", "adamw_8bit")


def make_weights(size: int = 8192) -> nn.Parameter:
    return nn.Parameter(torch.linspace(1, 2, size))


def take_steps(name: str, count: int, **settings) -> torch.Tensor:
    """Weights after some steps down the slope of their square."""
    weights = make_weights()
    optimizer = build_optimizer(OptimizerConfig(name=name, **settings), [Group("unet", 0.01, (weights,))])
    for _ in range(count):
        weights.square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return weights.detach()


@pytest.mark.parametrize("name", NAMES)
def test_optimizer_moves_every_weight_downhill(name):
    moved, before = take_steps(name, 5), make_weights().detach()
    assert (moved.abs() < before.abs()).all()
    assert (moved - before).abs().mean().item() == pytest.approx(0.05, rel=0.05)


def test_eight_bit_steps_are_close_to_exact_ones():
    exact, coarse = take_steps("adamw", 5), take_steps("adamw_8bit", 5)
    assert not torch.equal(exact, coarse)
    assert (exact - coarse).abs().max() < 0.01


def test_eight_bit_memory_is_eight_bits():
    weights = make_weights()
    optimizer = build_optimizer(OptimizerConfig(name="adamw_8bit"), [Group("unet", 0.01, (weights,))])
    weights.sum().backward()
    optimizer.step()
    assert optimizer.state[weights]["state1"].dtype == torch.uint8


@pytest.mark.parametrize("name", NAMES)
def test_groups_have_their_own_rates(name):
    groups = [Group("unet", 0.1, (make_weights(),)), Group("text_encoder", 0.5, (make_weights(),))]
    optimizer = build_optimizer(OptimizerConfig(name=name), groups)
    assert set_lrs(optimizer, unet=0.5, text=0.5) == {"unet": 0.05, "text_encoder": 0.25}
    assert set_lrs(optimizer, unet=1.0, text=1.0) == {"unet": 0.1, "text_encoder": 0.5}
    assert [tuple(group["params"]) for group in optimizer.param_groups] == [g.parameters for g in groups]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "settings", [{"weight_decay": 0.9}, {"beta1": 0.5}, {"beta2": 0.5}, {"epsilon": 0.1}]
)
def test_every_number_reaches_the_optimizer(name, settings):
    assert not torch.equal(take_steps(name, 3), take_steps(name, 3, **settings))
