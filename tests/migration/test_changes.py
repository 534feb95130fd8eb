"""Our settings in the words of the old extension, and changes that are asked for in them."""

from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, changed, with_values
from dreambooth.migration.backwards import concept_to_old, facts_to_old, settings_to_old
from dreambooth.migration.changes import change_by_old
from dreambooth.migration.table import LATEST
from tests.migration.old_settings import LATEST_KEYS, latest_generation, old_concept

CHOICES = [
    (setting.name, choice)
    for setting in describe_settings(TrainConfig)
    for choice in ((False, True) if setting.kind == "bool" else setting.choices)
]


@pytest.mark.parametrize(("name", "choice"), CHOICES)
def test_settings_that_come_back_as_they_went_change_nothing(name, choice):
    config = with_values(TrainConfig(), {name: choice, "lora.conv_rank": 3, "saving.save_every_epochs": 0})
    assert change_by_old(config, settings_to_old(config)).config == config


@pytest.mark.parametrize(
    "values",
    [
        {"data.batch_size": 3, "data.gradient_accumulation_steps": 2, "schedule.warmup_steps": 7},
        {"lora.rank": 8, "lora.alpha": 8.0, "lora.conv_rank": 8, "adapter": "lora", "ema.enabled": True},
        {"parts.train_unet": False, "parts.text_encoder_fraction": 0.5},
        {"parts.train_unet": False, "parts.text_encoder_fraction": 1.0},
        {"saving.save_every_epochs": 5, "saving.save_every_steps": 100, "samples.sample_every_epochs": 2},
        {"schedule.name": "cosine", "schedule.min_lr_fraction": 0.2},
    ],
)
def test_numbers_come_back_too(values):
    config = with_values(TrainConfig(), values)
    assert change_by_old(config, settings_to_old(config)).config == config


def test_concepts_come_back_with_their_repeats(photos):
    concepts = (Concept(instance_data_dir=str(photos), repeats=4), Concept(instance_prompt="no folder yet"))
    config = TrainConfig(concepts=concepts[:1], method="finetune")
    told = {"concepts_list": [concept_to_old(concepts[0])]}
    assert change_by_old(config, told).config == config
    both = replace(config, concepts=concepts)
    assert change_by_old(both, {"num_train_epochs": 7}).config.concepts == concepts


def test_what_is_told_are_words_of_the_old_extension():
    told = settings_to_old(TrainConfig()) | facts_to_old(ModelRecord(family="sd2", native_resolution=768))
    assert set(told) <= set(LATEST_KEYS) <= set(LATEST)
    assert (told["model_type"], told["v2"], told["epoch"]) == ("v2x", True, 0)


def test_revision_counts_images():
    config = with_values(TrainConfig(), {"data.batch_size": 2, "data.gradient_accumulation_steps": 3})
    assert facts_to_old(ModelRecord(lifetime_steps=10, config=config))["revision"] == 60


def test_one_setting_is_changed_and_no_other():
    config = changed(TrainConfig(), {"lora.dropout": "0.1", "optimizer.beta1": "0.8"})
    after = change_by_old(config, {"lora_unet_rank": 8, "num_train_epochs": 3}).config
    assert after == with_values(config, {"lora.rank": 8, "lora.alpha": 8.0, "duration.num_epochs": 3})


def test_whole_file_is_taken(photos):
    change = change_by_old(TrainConfig(), latest_generation(str(photos)))
    assert change.config.concepts[0].instance_data_dir == str(photos)


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ({"optimizer": "AdanIP Dadaptation"}, "optimizer: AdanIP Dadaptation is not"),
        ({"learning_rate": "fast"}, "learning_rate: 'fast' is not a number"),
        ({"concepts_list": [old_concept(instance_data_dir="x", n_save_sample="many")]}, "n_save_sample"),
    ],
)
def test_values_of_no_use_are_refused(asked, advice):
    with pytest.raises(ConfigError, match=advice):
        change_by_old(TrainConfig(), asked)


def test_what_we_do_not_have_is_told():
    told = change_by_old(TrainConfig(), {"tomesd": 0.5, "no_such_thing": 1}).left_out
    assert [line.split(" ")[0].rstrip(":") for line in told] == ["tomesd", "no_such_thing"]


def test_no_file_is_read_because_a_request_names_it(tmp_path):
    file = tmp_path / "concepts.json"
    file.write_text('[{"instance_data_dir": "/somewhere"}]', encoding="utf-8")
    asked = {"use_concepts": True, "concepts_path": str(file)}
    assert change_by_old(TrainConfig(), asked).config.concepts == ()
