"""Settings of the optimizer and of schedules reach the rates, the memory and the steps of a real learner."""

from dataclasses import replace

import pytest
import torch

from dreambooth.training.groups import learning_groups
from dreambooth.training.learner import Learner
from dreambooth.training.optimizers import build_optimizer
from dreambooth.training.updating import set_rates, update
from tests.training.conftest import with_settings

TEXT = {"parts__text_encoder_fraction": 0.5}
# Settings that change the rates: name → (another value, what else must be set, steps that show it).
RATES = {
    "schedule.warmup_fraction": (0.5, {}, (0, 1)),
    "schedule.peak_fraction": (0.9, {"schedule__name": "one_cycle"}, (2,)),
    "schedule.pieces": ("2:1, 0.5", {"schedule__name": "piecewise", "schedule__pieces": "1"}, (2, 3)),
    "schedule.text_encoder_name": ("linear", {}, (1,)),
    "schedule.text_encoder_warmup_steps": (0, {"schedule__warmup_steps": 2}, (0, 1)),
}
PROVEN = {
    *RATES,
    "optimizer.class_name",
    "optimizer.arguments",
    "optimizer.text_encoder_weight_decay",
    "optimizer.text_encoder_max_grad_norm",
}


@pytest.fixture
def learner(make_learner, config) -> Learner:
    """A learner of both parts for ten steps."""
    return make_learner(with_settings(config, adapter="lora", lora__rank=1, duration__max_steps=10, **TEXT))[
        0
    ]


def changed_learner(learner: Learner, **settings) -> Learner:
    """The same weights under other settings, with a new optimizer."""
    config = with_settings(learner.config, **settings)
    groups = learning_groups(config, learner.model, learner.parameters)
    return replace(learner, config=config, optimizer=build_optimizer(config.optimizer, groups))


def test_setting_changes_the_rates_of_some_steps(learner):
    for name, (value, others, steps) in RATES.items():
        before = changed_learner(learner, **others)
        after = changed_learner(learner, **{**others, name.replace(".", "__"): value})
        for step in steps:
            assert set_rates(before, step) != set_rates(after, step), name


def test_schedules_of_the_parts_end_where_these_end(learner):
    told = changed_learner(learner, schedule__name="linear", schedule__text_encoder_name="cosine")
    rates = {step: set_rates(told, step) for step in (0, 4, 9)}
    assert rates[0] == {"unet": 1e-4, "text_encoder": 5e-5}
    assert rates[4]["text_encoder"] == pytest.approx(0)  # the last of five that train it
    assert rates[9]["unet"] == pytest.approx(0)


def test_optimizer_is_built_as_named_with_its_arguments(learner):
    told = changed_learner(
        learner,
        optimizer__name="custom",
        optimizer__class_name="torch.optim.NAdam",
        optimizer__arguments="momentum_decay=0.5",
        optimizer__text_encoder_weight_decay=0.25,
    ).optimizer
    assert isinstance(told, torch.optim.NAdam)
    decays = {group["name"]: group["weight_decay"] for group in told.param_groups}
    assert decays == {"unet": 0.01, "text_encoder": 0.25}
    assert {group["momentum_decay"] for group in told.param_groups} == {0.5}


def clipped_norms(learner: Learner, **settings) -> tuple[float, dict[str, float]]:
    """The norm that is told of a gradient of ones, and the norm that each part has when it is used."""
    told = changed_learner(
        learner, optimizer__name="custom", optimizer__class_name="torch.optim.SGD", **settings
    )
    used: dict[str, float] = {}

    def note(optimizer, *_: object) -> None:
        for group in optimizer.param_groups:
            used[group["name"]] = float(torch.stack([p.grad.norm() for p in group["params"]]).norm())

    told.optimizer.register_step_pre_hook(note)
    for parameter in told.learning:
        parameter.grad = torch.ones_like(parameter)
    return update(told, is_finite=True), used


def test_text_encoders_are_clipped_together_with_the_unet_or_apart(learner):
    norm, together = clipped_norms(learner, optimizer__max_grad_norm=2)
    assert together["unet"] ** 2 + together["text_encoder"] ** 2 == pytest.approx(4, rel=1e-3)
    same_norm, apart = clipped_norms(
        learner, optimizer__max_grad_norm=2, optimizer__text_encoder_max_grad_norm=0.5
    )
    assert (apart["unet"], apart["text_encoder"]) == (
        pytest.approx(2, rel=1e-3),
        pytest.approx(0.5, rel=1e-3),
    )
    _, free = clipped_norms(learner, optimizer__max_grad_norm=2, optimizer__text_encoder_max_grad_norm=0)
    assert free["text_encoder"] > 2
    assert norm == pytest.approx(same_norm, rel=1e-5)
