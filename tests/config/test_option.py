"""Every setting is described, and its limits hold."""

import math

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings, find_fault, parse_value
from dreambooth.config.settings import TrainConfig

SETTINGS = {
    **{setting.name: setting for setting in describe_settings(TrainConfig)},
    **{f"concept.{setting.name}": setting for setting in describe_settings(Concept)},
}
NUMBERS = [name for name, setting in SETTINGS.items() if setting.kind in ("int", "float")]


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_is_described_and_its_default_is_allowed(name):
    setting = SETTINGS[name]
    assert setting.description.label
    assert setting.description.help.endswith(".")
    assert find_fault(setting, setting.default) is None


@pytest.mark.parametrize("name", NUMBERS)
def test_number_is_allowed_up_to_its_limits_and_not_beyond(name):
    setting = SETTINGS[name]
    low, high = setting.description.low, setting.description.high
    assert find_fault(setting, low) is find_fault(setting, high) is None
    assert "below the least value" in find_fault(setting, low - 1)
    assert "above the greatest value" in find_fault(setting, high + 1)
    if setting.kind == "float":
        assert find_fault(setting, math.nan) == "not a number"
        assert find_fault(setting, math.inf)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", True),
        ("seed", 1.0),
        ("seed", "1"),
        ("noise.offset_noise", "much"),
        ("noise.offset_noise", False),
        ("ema.enabled", 1),
        ("concept.instance_prompt", 5),
        ("concept.instance_prompt", None),
    ],
)
def test_value_of_another_kind_is_refused(name, value):
    assert SETTINGS[name].kind in find_fault(SETTINGS[name], value)


def test_whole_number_is_a_float_too():
    assert find_fault(SETTINGS["noise.offset_noise"], 1) is None


def test_choice_names_what_there_is():
    assert find_fault(SETTINGS["method"], "magic") == "choose one of dreambooth, finetune, hybrid"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ema.enabled", "Yes", True),
        ("ema.enabled", "off", False),
        ("lora.rank", " 8", 8),
        ("lora.alpha", "1e-1", 0.1),
        ("samples.sanity_prompt", "a = b", "a = b"),
    ],
)
def test_typed_text_becomes_a_value(name, text, value):
    assert parse_value(SETTINGS[name], text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("ema.enabled", "maybe"), ("lora.rank", "1.5"), ("lora.alpha", "")]
)
def test_text_of_another_kind_is_refused_by_name(name, text):
    with pytest.raises(ValueError, match=f"{name}: '{text}' is not of the kind"):
        parse_value(SETTINGS[name], text)


def test_description_is_plain_values():
    told = SETTINGS["lora.rank"].to_json()
    assert (told["name"], told["kind"], told["low"], told["high"]) == ("lora.rank", "int", 1, 512)
    assert told["choices"] == []
    assert "description" not in told


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.kind == "choice"])
def test_every_choice_is_explained_and_no_other(name):
    told = SETTINGS[name].to_json()
    assert list(told["choices_help"]) == told["choices"]
    assert all(words.endswith(".") for words in told["choices_help"].values())


def test_only_choices_explain_choices():
    assert not any(s.description.choices_help for s in SETTINGS.values() if s.kind != "choice")
