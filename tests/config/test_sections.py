"""A form needs no list of its own: all settings, by subject and in order."""

import json

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings
from dreambooth.config.sections import describe_concept, describe_sections
from dreambooth.config.settings import TrainConfig


def test_every_setting_stands_in_one_section():
    names = [setting.name for section in describe_sections() for setting in section.settings]
    assert sorted(names) == sorted(setting.name for setting in describe_settings(TrainConfig))
    assert len(names) == len(set(names))


def test_what_a_training_begins_with_comes_first():
    first = describe_sections()[0]
    assert [setting.name for setting in first.settings] == ["method", "adapter", "seed"]
    assert (first.name, first.title) == ("general", "General")


def test_sections_are_named_as_their_settings():
    for section in describe_sections()[1:]:
        assert all(setting.name.split(".")[0] == section.name for setting in section.settings)


def test_every_section_has_a_title_and_a_sentence():
    sections = [*describe_sections(), describe_concept()]
    assert len({section.title for section in sections}) == len(sections)
    assert all(section.help.endswith(".") for section in sections)


def test_fields_of_a_concept_have_the_names_of_its_files():
    assert [s.name for s in describe_concept().settings] == [s.name for s in describe_settings(Concept)]


def test_section_is_plain_values():
    told = next(section for section in describe_sections() if section.name == "lora").to_json()
    assert json.loads(json.dumps(told)) == told
    assert told["settings"][0]["name"] == "lora.rank"
