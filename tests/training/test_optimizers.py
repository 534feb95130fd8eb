"""The optimizers that can be asked for."""

import pytest
import torch
from torch import nn

from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.training.errors import MissingPackage, OptimizerFault
from dreambooth.training.groups import Group
from dreambooth.training.optimizers import build_optimizer, set_lrs, try_optimizer
from dreambooth.training.shown import shown_weights

NAMES = [name for name, kind in KINDS.items() if not kind.is_paged and name != "custom"]
ESTIMATING = [name for name in NAMES if KINDS[name].estimates_rate]
AVERAGING = [name for name in NAMES if KINDS[name].averages]
CPU = torch.device("cpu")


def make_weights(size: int = 8192) -> nn.Parameter:
    return nn.Parameter(torch.linspace(1, 2, size).view(-1, 64))


def told(name: str, **settings) -> OptimizerConfig:
    """Settings of an optimizer; one that looks for the rate begins where few steps can be seen."""
    known = KINDS[name].estimates_rate and "arguments" not in settings
    return OptimizerConfig(name=name, **({"arguments": "d0=1e-3"} if known else {}), **settings)


def descend(optimizer: torch.optim.Optimizer, weights: nn.Parameter, count: int) -> None:
    """Some steps down the slope of their square."""
    for _ in range(count):
        weights.square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()


def take_steps(name: str, count: int, *, lr: float = 0.01, **settings) -> torch.Tensor:
    """The weights that are shown after some steps."""
    weights = make_weights()
    optimizer = build_optimizer(told(name, **settings), [Group("unet", lr, (weights,))])
    descend(optimizer, weights, count)
    with shown_weights(optimizer):
        return weights.detach().clone()


def wander(name: str, **settings) -> torch.Tensor:
    """The weights after gradients that point here and there."""
    weights, rng = make_weights(), torch.Generator().manual_seed(0)
    lr = 1.0 if KINDS[name].estimates_rate else 0.01
    optimizer = build_optimizer(told(name, **settings), [Group("unet", lr, (weights,))])
    for _ in range(12):
        weights.grad = torch.randn(weights.shape, generator=rng)
        optimizer.step()
    return weights.detach()


@pytest.mark.parametrize("name", NAMES)
def test_optimizer_moves_every_weight_downhill(name):
    moved = take_steps(name, 8, lr=1.0 if name in ESTIMATING else 1e-3)
    assert (moved < make_weights()).all()


def test_steps_of_adamw_have_the_size_of_the_rate():
    moved = take_steps("adamw", 5)
    assert (moved - make_weights().detach()).abs().mean().item() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize(("exact", "coarse"), [("adamw", "adamw_8bit"), ("lion", "lion_8bit")])
def test_eight_bit_steps_are_close_to_exact_ones(exact, coarse):
    difference = (take_steps(exact, 5) - take_steps(coarse, 5)).abs().max()
    assert difference < 0.01
    assert difference > 0 or exact == "lion"  # whose steps have one size


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("8bit")])
def test_eight_bit_memory_is_eight_bits(name):
    weights = make_weights()
    optimizer = build_optimizer(OptimizerConfig(name=name), [Group("unet", 0.01, (weights,))])
    descend(optimizer, weights, 1)
    assert optimizer.state[weights]["state1"].dtype == torch.uint8


@pytest.mark.parametrize("name", NAMES)
def test_memory_for_each_weight_is_about_what_is_told(name):
    weights = nn.Parameter(torch.ones(64, 32, 3, 3))
    optimizer = build_optimizer(OptimizerConfig(name=name), [Group("unet", 0.01, (weights,))])
    descend(optimizer, weights, 1)
    held = [value for value in optimizer.state[weights].values() if isinstance(value, torch.Tensor)]
    held = [tensor for tensor in held if tensor.numel() != 256]  # the tables of 8-bit numbers are shared
    used = sum(tensor.numel() * tensor.element_size() for tensor in held) / weights.numel()
    assert used == pytest.approx(KINDS[name].bytes_per_weight, rel=0.45)


@pytest.mark.parametrize("name", NAMES)
def test_parts_have_their_own_rates_and_shares_of_them(name):
    groups = [Group("unet", 0.1, (make_weights(),)), Group("text_encoder", 0.5, (make_weights(),))]
    optimizer = build_optimizer(OptimizerConfig(name=name), groups)
    scale = 1e-6 if name in ESTIMATING else 1
    assert set_lrs(optimizer, unet=0.5, text=1.0) == pytest.approx(
        {"unet": 0.05 * scale, "text_encoder": 0.5 * scale}
    )
    assert [tuple(group["params"]) for group in optimizer.param_groups] == [g.parameters for g in groups]


@pytest.mark.parametrize("name", ESTIMATING)
def test_every_part_gets_an_estimate_of_its_own_which_is_told(name):
    unet, text = make_weights(), make_weights()
    groups = [Group("unet", 1.0, (unet,)), Group("text_encoder", 0.5, (text,))]
    optimizer = build_optimizer(told(name), groups)
    for _ in range(60):
        (unet.square().sum() + (text * 3).square().sum()).backward()
        optimizer.step()
        optimizer.zero_grad()
    rates = set_lrs(optimizer, unet=1, text=1)
    first, second = (group["d"] for group in optimizer.param_groups)
    assert rates == pytest.approx({"unet": first, "text_encoder": second / 2})
    assert 1e-3 < first != second > 1e-3


SETTINGS = {
    "weight_decay": (0.9, NAMES),
    "beta1": (0.1, [name for name in NAMES if name != "adafactor"]),
    "beta2": (0.5, [name for name in NAMES if KINDS[name].betas and name != "adafactor"]),
    "epsilon": (0.1, [name for name in NAMES if KINDS[name].has_epsilon]),
}
REACHES = [(setting, name) for setting, (_, names) in SETTINGS.items() for name in names]


@pytest.mark.parametrize(("setting", "name"), REACHES)
def test_every_number_reaches_the_optimizer(setting, name):
    assert not torch.equal(wander(name), wander(name, **{setting: SETTINGS[setting][0]}))


def test_adafactor_has_a_momentum_when_beta1_is_set():
    assert not torch.equal(wander("adafactor"), wander("adafactor", beta1=0.9))


def test_minus_one_is_what_the_authors_advise():
    assert torch.equal(wander("lion"), wander("lion", beta1=0.9, beta2=0.99))
    assert torch.equal(wander("adamw"), wander("adamw", beta1=0.9, beta2=0.999))


def test_text_encoders_may_have_a_decay_of_their_own():
    groups = [Group(name, 0.1, (make_weights(),)) for name in ("unet", "text_encoder", "text_encoder_2.up")]
    for own, decays in ((-1, [0.01, 0.01, 0.01]), (0.5, [0.01, 0.5, 0.5])):
        optimizer = build_optimizer(OptimizerConfig(text_encoder_weight_decay=own), groups)
        assert [group["weight_decay"] for group in optimizer.param_groups] == decays


def test_arguments_count_before_the_fields():
    moved = wander("adamw", arguments="betas=(0.5, 0.9), amsgrad=True")
    assert torch.equal(moved, wander("adamw", arguments="amsgrad=True", beta1=0.5, beta2=0.9))
    assert not torch.equal(moved, wander("adamw"))


def test_class_of_an_installed_package_is_taken_by_its_name():
    assert (take_steps("custom", 4, class_name="torch.optim.NAdam") < make_weights()).all()
    nesterov = {"class_name": "torch.optim.SGD", "arguments": "momentum=0.9, nesterov=True"}
    assert not torch.equal(
        take_steps("custom", 4, class_name="torch.optim.SGD"), take_steps("custom", 4, **nesterov)
    )


@pytest.mark.parametrize(
    ("settings", "kind", "advice"),
    [
        ({"class_name": "nowhere.to.be.Found"}, MissingPackage, "needs the package nowhere, .*install it"),
        ({"class_name": "torch.optim.Nobody"}, OptimizerFault, "torch.optim has no optimizer Nobody"),
        ({"class_name": "torch.nn.Linear"}, OptimizerFault, "has no optimizer Linear"),
        (
            {"class_name": "torch.optim.SGD", "arguments": "speed=3"},
            OptimizerFault,
            "knows no speed; .*momentum",
        ),
        (
            {"class_name": "torch.optim.SGD", "arguments": "momentum=-3"},
            OptimizerFault,
            "refuses its arguments",
        ),
        ({"class_name": "torch.optim.LBFGS"}, OptimizerFault, "refuses its arguments|cannot take a step"),
        ({"name": "lion", "arguments": "d_coef=2"}, OptimizerFault, "lion knows no d_coef"),
        ({"name": "prodigy", "arguments": "d_coef='x'"}, OptimizerFault, "prodigy cannot take a step"),
        ({"name": "paged_adamw_8bit"}, OptimizerFault, "needs CUDA; choose adamw_8bit"),
        ({"name": "paged_lion_8bit"}, OptimizerFault, "needs CUDA; choose lion_8bit"),
    ],
)
def test_what_cannot_work_is_refused_in_words_and_nothing_stands_in(settings, kind, advice):
    with pytest.raises(kind, match=advice):
        try_optimizer(OptimizerConfig(**{"name": "custom", **settings}), CPU)


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_can_be_tried_before_a_model_is_loaded(name):
    try_optimizer(OptimizerConfig(name=name), CPU)


@pytest.mark.parametrize("name", AVERAGING)
def test_schedule_free_shows_an_average_and_learns_on_bit_for_bit(name):
    weights = make_weights()
    optimizer = build_optimizer(OptimizerConfig(name=name), [Group("unet", 0.1, (weights,))])
    descend(optimizer, weights, 8)
    before = weights.detach().clone()
    with shown_weights(optimizer):
        assert not torch.equal(weights, before)
    assert torch.equal(weights, before)
    assert all(group["train_mode"] for group in optimizer.param_groups)


def test_other_optimizers_show_what_learns():
    weights = make_weights()
    optimizer = build_optimizer(OptimizerConfig(), [Group("unet", 0.1, (weights,))])
    descend(optimizer, weights, 2)
    before = weights.detach().clone()
    with shown_weights(optimizer):
        assert torch.equal(weights, before)
