"""Optimizers, rates and schedules that contradict each other are refused; what is doubtful is told."""

import re
from typing import get_args

import pytest

from dreambooth.config.arguments import parse_arguments
from dreambooth.config.optimizer_kinds import KINDS, OptimizerName
from dreambooth.config.optimizer_rules import (
    optimizer_problems,
    rate_problems,
    schedule_problems,
    tell_of_rates,
)
from dreambooth.config.rate_curves import curves_to_json, describe_rates
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed

CHECKS = (rate_problems, optimizer_problems, schedule_problems)
LORA = {"adapter": "lora", "lora.unet_lr": "1"}
CUSTOM = {"optimizer.name": "custom"}
OWN_CYCLE = {"schedule.text_encoder_name": "one_cycle", "schedule.warmup_steps": "3"}
FREE = {"optimizer.name": "schedule_free_adamw"}


def with_changes(changes: dict[str, str]) -> TrainConfig:
    return changed(TrainConfig(), changes)


def problems(changes: dict[str, str]) -> dict[str, str]:
    config = with_changes(changes)
    return {problem.setting: problem.advice for check in CHECKS for problem in check(config)}


def test_every_optimizer_is_described():
    assert list(KINDS) == list(get_args(OptimizerName))
    assert all(kind.told.endswith(".") for kind in KINDS.values())


def test_defaults_contradict_nothing():
    assert problems({}) == {}


@pytest.mark.parametrize(
    ("changes", "setting", "advice"),
    [
        ({"optimizer.beta1": "-0.5"}, "optimizer.beta1", "from 0, or -1"),
        ({"optimizer.text_encoder_weight_decay": "-0.1"}, "optimizer.text_encoder_weight_decay", "or -1"),
        ({"optimizer.text_encoder_max_grad_norm": "-0.1"}, "optimizer.text_encoder_max_grad_norm", "or -1"),
        (CUSTOM, "optimizer.class_name", "name a class"),
        (
            {**CUSTOM, "optimizer.class_name": "NAdam"},
            "optimizer.class_name",
            "name a class",
        ),
        ({"optimizer.class_name": "torch.optim.NAdam"}, "optimizer.class_name", "choose that, or clear it"),
        ({"optimizer.arguments": "d_coef"}, "optimizer.arguments", "is not understood; write NAME=VALUE"),
        ({"optimizer.arguments": "a=open('x')"}, "optimizer.arguments", "the value of a is not plain"),
        ({"optimizer.arguments": "**{}"}, "optimizer.arguments", "is not understood"),
        ({"optimizer.arguments": "a=1)+told("}, "optimizer.arguments", "is not understood"),
        ({"optimizer.arguments": "lr=1"}, "optimizer.arguments", "lr is set by the learning rates"),
        (
            {"optimizer.name": "paged_adamw_8bit", "precision.device": "cpu"},
            "optimizer.name",
            "needs CUDA: choose adamw_8bit",
        ),
        ({"optimizer.unet_lr": "1"}, "optimizer.unet_lr", "1 would destroy the model under adamw"),
        (LORA, "lora.unet_lr", "1 would destroy the model"),
        (
            {"schedule.warmup_steps": "5", "schedule.warmup_fraction": "0.1"},
            "schedule.warmup_fraction",
            "set one of the two to 0",
        ),
        (
            {"schedule.name": "one_cycle", "schedule.warmup_fraction": "0.1"},
            "schedule.name",
            "rises by itself",
        ),
        (
            {"schedule.text_encoder_name": "one_cycle", "schedule.warmup_steps": "3"},
            "schedule.text_encoder_name",
            "rises by itself",
        ),
        ({"schedule.name": "piecewise"}, "schedule.pieces", "write STEP:SHARE"),
        ({"schedule.text_encoder_name": "piecewise"}, "schedule.pieces", "write STEP:SHARE"),
        ({**FREE, "schedule.name": "cosine"}, "schedule.name", "choose constant"),
        ({**FREE, "schedule.text_encoder_name": "linear"}, "schedule.text_encoder_name", "choose same"),
        ({**FREE, "ema.enabled": "yes"}, "ema.enabled", "an average already"),
    ],
)
def test_contradiction_is_told_in_words(changes, setting, advice):
    found = problems(changes)
    assert list(found) == [setting]
    assert advice in found[setting]


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer.name": "prodigy", "optimizer.unet_lr": "1"},
        {**CUSTOM, "optimizer.class_name": "a.B", "optimizer.unet_lr": "1"},
        {"optimizer.text_encoder_lr": "1"},  # which does not learn
        {
            "schedule.text_encoder_name": "one_cycle",
            "schedule.text_encoder_warmup_steps": "0",
            "schedule.warmup_steps": "3",
        },
        {"schedule.pieces": "nonsense"},  # which waits for piecewise
        {**FREE, "schedule.warmup_steps": "10"},
    ],
)
def test_what_can_be_done_is_not_refused(changes):
    assert problems(changes) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"optimizer.name": "prodigy"}, ["optimizer.unet_lr=2e-06: prodigy finds .*next to nothing"]),
        (
            {**LORA, "lora.unet_lr": "5", "optimizer.name": "dadapt_adam"},
            ["lora.unet_lr=5: .*destroyed"],
        ),
        ({**LORA, "optimizer.name": "prodigy"}, []),
        ({}, []),
    ],
)
def test_rates_that_are_hardly_meant_are_told(changes, words):
    told = list(tell_of_rates(with_changes(changes)))
    assert len(told) == len(words)
    for text, pattern in zip(told, words, strict=True):
        assert re.match(pattern, text)


def test_arguments_are_plain_values():
    told = parse_arguments("a=1, b=(0.9, None), c='x', d=[True], e=-2e-5,")
    assert told == {"a": 1, "b": (0.9, None), "c": "x", "d": [True], "e": -2e-5}
    assert parse_arguments("") == {}


def test_picture_of_the_rates_is_that_of_the_run():
    config = with_changes(
        {"schedule.name": "linear", "parts.text_encoder_fraction": "0.5", "optimizer.unet_lr": "1e-4"}
    )
    told = curves_to_json(config, 11)
    assert [curve["label"] for curve in told["curves"]] == ["U-Net", "Text encoder"]
    unet, text = told["curves"]
    assert (unet["steps"], unet["rates"][0], unet["rates"][-1]) == (tuple(range(1, 12)), 1e-4, 0)
    assert text["steps"] == tuple(range(1, 7))
    assert describe_rates(config, 11)[0] == {
        "part": "U-Net",
        "first": 1e-4,
        "highest": 1e-4,
        "highest_at": 1,
        "last": 0,
        "last_at": 11,
    }


def test_rates_under_an_optimizer_that_finds_them_are_factors():
    assert curves_to_json(with_changes({"optimizer.name": "prodigy"}), 5)["times_estimate"]
