"""Earlier names of settings."""

import pytest

from dreambooth.config.option import describe_settings, find_fault
from dreambooth.config.renamed import RENAMED, with_new_names
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, changed, config_from_json

SETTINGS = {setting.name: setting for setting in describe_settings(TrainConfig)}


@pytest.mark.parametrize("old", RENAMED)
def test_new_name_is_a_setting_and_the_old_one_is_not(old):
    assert old not in SETTINGS
    assert RENAMED[old].name in SETTINGS


def test_settings_file_with_earlier_names_is_read():
    config = config_from_json({"data": {"horizontal_flip": True, "shuffle_tags": True, "batch_size": 3}})
    assert config.augment.flip_probability == 0.5
    assert config.captions.shuffle_tags
    assert config.data.batch_size == 3


def test_what_has_its_new_name_already_stays():
    values = {"data": {"horizontal_flip": True}, "augment": {"flip_probability": 0.1}}
    assert config_from_json(values).augment.flip_probability == 0.1


def test_names_with_dots_are_changed_too():
    values = with_new_names({"loss.offset_noise": 0.1, "seed": 1})
    assert values == {"noise.offset_noise": 0.1, "seed": 1}
    assert find_fault(SETTINGS["noise.offset_noise"], values["noise.offset_noise"]) is None


def test_who_types_the_earlier_name_is_told_the_new_one():
    with pytest.raises(ConfigError, match=r"data\.shuffle_tags: is called captions\.shuffle_tags now"):
        changed(TrainConfig(), {"data.shuffle_tags": "true"})
