"""Which weights learn at which rate."""

from dataclasses import replace
from pathlib import Path

import pytest

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.lora import add_lora
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, changed
from dreambooth.models.configs import build_without_weights
from dreambooth.models.sdxl import StableDiffusionXL
from dreambooth.training.groups import learning_groups, refuse_what_is_not_there
from tests.models.tiny import SD1, SDXL
from tests.training.conftest import train_steps, with_settings

RATES = {"lora.unet_lr": "1e-3", "lora.text_encoder_lr": "1e-4", "adapter": "lora"}


@pytest.fixture
def sdxl():
    return StableDiffusionXL(Path(), SDXL, build_without_weights(SDXL))


def groups_of(model, changes):
    config = changed(TrainConfig(), changes)
    if config.adapter != "none":
        add_lora(model, config.adapter, config.lora, list(model.parts), seed=0)
    parameters = {
        part: {name: p for name, p in module.named_parameters() if p.requires_grad}
        for part, module in model.parts.items()
    }
    groups = learning_groups(config, model, parameters)
    held = [id(parameter) for group in groups for parameter in group.parameters]
    assert sorted(held) == sorted(id(p) for named in parameters.values() for p in named.values())
    return {group.name: group.lr for group in groups}


def test_a_part_is_a_group(sdxl):
    assert groups_of(sdxl, RATES) == {"unet": 1e-3, "text_encoder": 1e-4, "text_encoder_2": 1e-4}


@pytest.mark.parametrize(
    ("changes", "lr"),
    [
        ({**RATES, "lora.text_encoder_2_lr": "3e-5"}, 3e-5),
        ({"optimizer.text_encoder_2_lr": "2e-7", "lora.text_encoder_2_lr": "5"}, 2e-7),
        ({"optimizer.text_encoder_2_lr": "0"}, 0),
        ({"optimizer.text_encoder_lr": "4e-7"}, 4e-7),
    ],
)
def test_the_second_text_encoder_may_have_a_rate_of_its_own(sdxl, changes, lr):
    assert groups_of(sdxl, changes)["text_encoder_2"] == lr


@pytest.mark.parametrize(
    "changes", [{"optimizer.text_encoder_2_lr": "0"}, {**RATES, "lora.text_encoder_2_lr": "0"}]
)
def test_its_rate_is_refused_where_there_is_none(changes):
    config = changed(TrainConfig(), changes)
    refuse_what_is_not_there(config, SDXL)
    with pytest.raises(ConfigError, match="no second text encoder; set -1"):
        refuse_what_is_not_there(config, SD1)


def test_a_block_that_is_not_there_is_refused_before_anything_is_loaded():
    config = changed(TrainConfig(), {**RATES, "lora.block_ranks": "in11=4"})
    refuse_what_is_not_there(config, SD1)
    with pytest.raises(AdapterError, match="names in11"):
        refuse_what_is_not_there(config, SDXL)


def test_second_matrices_of_a_lora_plus_are_faster(sdxl):
    rates = groups_of(sdxl, {**RATES, "lora.loraplus_ratio": "16"})
    assert rates == {
        "unet": 1e-3,
        "unet.up": pytest.approx(1.6e-2),
        "text_encoder": 1e-4,
        "text_encoder.up": pytest.approx(1.6e-3),
        "text_encoder_2": 1e-4,
        "text_encoder_2.up": pytest.approx(1.6e-3),
    }


def test_blocks_of_the_unet_have_rates_of_their_own(sdxl):
    rates = groups_of(
        sdxl, {**RATES, "lora.block_lr_factors": "mid=0.5, out3-8=2", "lora.loraplus_ratio": "4"}
    )
    assert {name: lr for name, lr in rates.items() if name.startswith("unet")} == {
        "unet": 1e-3,
        "unet.up": pytest.approx(4e-3),
        "unet.x0.5": pytest.approx(5e-4),
        "unet.up.x0.5": pytest.approx(2e-3),
        "unet.x2": pytest.approx(2e-3),
        "unet.up.x2": pytest.approx(8e-3),
    }


def test_rates_of_groups_follow_the_schedule_and_are_reported(make_learner, config):
    config = with_settings(
        config, adapter="lora", lora__unet_lr=1e-3, lora__block_lr_factors="mid=0.5", schedule__name="linear"
    )
    config = replace(config, duration=replace(config.duration, max_steps=4))
    reports = train_steps(*make_learner(config), 4)
    assert [r.lrs["unet.x0.5"] / r.lrs["unet"] for r in reports[:3]] == pytest.approx([0.5] * 3)
    assert reports[-1].lrs == {"unet": 0, "unet.x0.5": 0}
