"""Settings as files, and changed by name."""

import json
from dataclasses import fields, is_dataclass, replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.option import Setting, describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import (
    ConfigError,
    ModelRecord,
    changed,
    changed_concept,
    concept_from_json,
    config_from_json,
    config_to_json,
    load_record,
    save_record,
)


def other_value(setting: Setting):
    """An allowed value that is not the default."""
    if setting.kind == "choice":
        return next(choice for choice in setting.choices if choice != setting.default)
    if setting.kind == "bool":
        return not setting.default
    if setting.kind == "str":
        return f"{setting.default} ☃"
    low, high = setting.description.low, setting.description.high
    return high if setting.default != high else low


def all_changed() -> TrainConfig:
    """Settings of which not one has its default."""
    concept = Concept(**{setting.name: other_value(setting) for setting in describe_settings(Concept)})
    config = TrainConfig(concepts=(concept, Concept()))
    return changed(config, {s.name: str(other_value(s)) for s in describe_settings(TrainConfig)})


def leaves(config):
    """Name and value of every setting, concepts left out."""
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            yield from ((f"{field.name}.{name}", inner) for name, inner in leaves(value))
        elif field.name != "concepts":
            yield field.name, value


def faults_of(values) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config_from_json(values)
    return str(caught.value).split("\n")


def test_every_field_is_a_described_setting():
    assert [name for name, _ in leaves(TrainConfig())] == [s.name for s in describe_settings(TrainConfig)]


@pytest.mark.parametrize("setting", list(describe_settings(TrainConfig)), ids=lambda setting: setting.name)
def test_setting_is_changed_by_its_name_alone(setting):
    before, after = dict(leaves(TrainConfig())), dict(leaves(all_changed()))
    only = dict(leaves(changed(TrainConfig(), {setting.name: str(after[setting.name])})))
    assert only == {**before, setting.name: after[setting.name]}
    assert after[setting.name] != before[setting.name]


def test_settings_go_to_json_text_and_back():
    config = all_changed()
    assert config_from_json(json.loads(json.dumps(config_to_json(config)))) == config


def test_absent_settings_have_their_defaults():
    assert config_from_json({"lora": {"rank": 4}}) == replace(
        TrainConfig(), lora=replace(TrainConfig().lora, rank=4)
    )


def test_all_faults_are_told_at_once():
    values = {
        "sede": 1,
        "lora": {"rank": 0, "size": 3},
        "concepts": [{}, {"repeats": 0}],
        "seed": float("nan"),
    }
    assert faults_of(values) == [
        "sede: there is no such setting",
        "lora.rank: 0 is below the least value 1",
        "lora.size: there is no such setting",
        "concepts.1.repeats: 0 is below the least value 1",
        "seed: nan is not an int",
    ]


@pytest.mark.parametrize("values", [{"lora": 3}, {"concepts": {"a": 1}}, {"concepts": [3]}, {"lora": [1]}])
def test_settings_that_are_nested_wrongly_are_refused(values):
    assert faults_of(values) == ["the settings are not nested as they should be"]


def test_changes_tell_every_fault_at_once():
    with pytest.raises(ConfigError) as caught:
        changed(TrainConfig(), {"lora.rnak": "1", "lora": "1", "seed": "x", "ema.decay": "0.5"})
    assert str(caught.value).split("\n") == [
        "lora.rnak: there is no such setting; `settings` lists them all",
        "lora: there is no such setting; `settings` lists them all",
        "seed: 'x' is not of the kind int",
    ]


def test_changes_beyond_the_limits_are_refused():
    with pytest.raises(ConfigError, match=r"ema\.decay: nan|ema\.decay: not a number"):
        changed(TrainConfig(), {"ema.decay": "nan"})
    with pytest.raises(ConfigError, match=r"data\.batch_size: 0 is below"):
        changed(TrainConfig(), {"data.batch_size": "0"})


def test_concept_is_changed_by_field():
    concept = changed_concept(Concept(repeats=3), {"class_token": "dog", "num_class_images_per": "7"})
    assert concept == Concept(repeats=3, class_token="dog", num_class_images_per=7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dog": "1"}, "dog: a concept has no such field"),
        ({"repeats": "two"}, "repeats: 'two' is not of the kind int"),
        ({"repeats": "0"}, "repeats: 0 is below"),
    ],
)
def test_wrong_concept_field_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        changed_concept(Concept(), changes)


def test_wrong_concept_file_is_refused():
    with pytest.raises(ConfigError, match="there is no such setting"):
        concept_from_json({"dog": 1})


def test_model_record_is_saved_and_loaded(tmp_path):
    record = ModelRecord(
        source="a ☃.ckpt", lifetime_steps=7, adapter="lora", last_run="x", config=all_changed()
    )
    save_record(tmp_path / "db_config.json", record)
    assert load_record(tmp_path / "db_config.json") == record


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"model_name": "old", "v2": false}', "not of this trainer"),
        ('{"format_version": 2}', r"format 2, expected 1"),
        ("[]", "not of this trainer"),
        ("{", "cannot be read"),
        ('{"format_version": 1, "config": {"sede": 1}}', "sede: there is no such setting"),
    ],
)
def test_foreign_damaged_and_newer_records_are_refused(tmp_path, text, message):
    (tmp_path / "db_config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_record(tmp_path / "db_config.json")


def test_missing_record_is_no_model(tmp_path):
    with pytest.raises(ConfigError, match="there is no model in"):
        load_record(tmp_path / "db_config.json")
