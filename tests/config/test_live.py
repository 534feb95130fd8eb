"""What may change while a training is under way, and how a run keeps it."""

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.config.live import (
    Change,
    forget_changes,
    is_live,
    live_settings,
    live_values,
    load_changes,
    parse_live,
    save_changes,
    with_change,
    with_live_values,
)
from dreambooth.config.store import ConfigError, changed
from tests.training.conftest import with_settings


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("optimizer.unet_lr", True),
        ("optimizer.name", False),
        ("samples.sample_every_steps", True),
        ("saving.keep_last", True),
        ("saving.name", False),
        ("data.resolution", False),
        ("seed", False),
        ("concepts.0.save_sample_prompt", True),
        ("concepts.0.instance_prompt", False),
    ],
)
def test_what_may_change(name, may):
    assert is_live(name) is may


def test_values_are_checked_and_taken(config):
    after = with_live_values(
        config, {"optimizer.unet_lr": 1e-5, "concepts.0.save_sample_prompt": "a robot at sea"}
    )
    assert after.optimizer.unet_lr == 1e-5
    assert after.concepts[0].save_sample_prompt == "a robot at sea"
    assert config.optimizer.unet_lr != 1e-5


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "say what is to change"),
        ({"data.resolution": 64}, "cannot change while a training is under way"),
        ({"optimizer.unet_lr": -1}, "below the least value"),
        ({"optimizer.unet_lr": "fast"}, "is not a float"),
        ({"lora.unet_lr": 1e-4}, "its rates are those of optimizer"),
        ({"optimizer.speed": 1}, "there is no such setting"),
        ({"concepts.7.save_sample_prompt": "x"}, r"concepts\.NUMBER\.save_sample_prompt"),
        ({"concepts.0.class_prompt": "x"}, "only its previews may change"),
        ({"saving.keep_last": 0, "saving.keep_best": 1}, "set saving.keep_last too"),
        ({"saving.keep_best": 1}, r"nothing tells which is best: set validation\.fraction"),
    ],
)
def test_what_cannot_be_is_refused_in_words(config, values, words):
    with pytest.raises(ConfigError, match=words):
        with_live_values(config, values)


def test_rates_of_a_full_model_do_nothing_to_an_adapter(config):
    with pytest.raises(ConfigError, match="its rates are those of lora"):
        with_live_values(with_settings(config, adapter="lora"), {"optimizer.unet_lr": 1e-5})


def test_typed_values_have_their_kinds(config):
    texts = {"optimizer.unet_lr": "1e-5", "saving.keep_last": "2", "concepts.0.n_save_sample": "3"}
    assert parse_live(config, texts) == {
        "optimizer.unet_lr": 1e-5,
        "saving.keep_last": 2,
        "concepts.0.n_save_sample": 3,
    }
    with pytest.raises(ConfigError, match="not of the kind int"):
        parse_live(config, {"saving.keep_last": "many"})


def test_every_value_that_may_change_is_told_and_can_be_given_back(config):
    values = live_values(config)
    assert with_live_values(config, values) == config
    assert {each.name for each in live_settings()} - set(values) == {
        "lora.unet_lr",
        "lora.text_encoder_lr",
        "lora.text_encoder_2_lr",
    }


def add_change(run, change):
    save_changes(run, with_change(load_changes(run), change))


def test_changes_are_kept_by_their_steps(tmp_path):
    run = RunFolder(tmp_path)
    assert load_changes(run) == []
    add_change(run, Change(4, {"saving.keep_last": 1}))
    add_change(run, Change(2, {"optimizer.unet_lr": 1e-5}))
    assert load_changes(run) == [
        Change(2, {"optimizer.unet_lr": 1e-5}),
        Change(4, {"saving.keep_last": 1}),
    ]


def test_a_change_takes_the_place_of_what_an_earlier_attempt_changed_later(tmp_path):
    run = RunFolder(tmp_path)
    add_change(run, Change(2, {"saving.keep_last": 9}))
    add_change(run, Change(6, {"saving.keep_last": 1, "saving.keep_best": 1}))
    add_change(run, Change(4, {"saving.keep_last": 5}))
    assert load_changes(run) == [
        Change(2, {"saving.keep_last": 9}),
        Change(4, {"saving.keep_last": 5}),
        Change(6, {"saving.keep_best": 1}),
    ]
    forget_changes(run, ["saving.keep_last"])
    assert load_changes(run) == [Change(6, {"saving.keep_best": 1})]


def test_changed_settings_are_the_same_as_given_from_the_beginning(config):
    texts = {"samples.sample_every_steps": "5", "optimizer.unet_lr": "0.0005"}
    assert with_live_values(config, parse_live(config, texts)) == changed(config, texts)
