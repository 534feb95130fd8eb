"""Files of settings: whose they are is seen, and nothing in them is left out without a word."""

import json
from dataclasses import fields

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, config_to_json, with_values
from dreambooth.migration import kohya_values as values
from dreambooth.migration.kohya import CONCEPT, KOHYA
from dreambooth.migration.places import Old, To
from dreambooth.migration.settings_file import read_settings, read_settings_file

BASE = TrainConfig()
SCRIPT = """
pretrained_model_name_or_path = "model.safetensors"

[network]
network_module = "lycoris.kohya"
network_dim = 32
network_alpha = 16
network_args = ["algo=loha", "conv_dim=8", "conv_alpha=4"]

[optimizer]
optimizer_type = "Prodigy"
optimizer_args = ["d_coef=0.8", "decouple=True", "weight_decay=0.02"]
learning_rate = 1.0
lr_scheduler = "cosine_with_restarts"
lr_scheduler_num_cycles = 3
lr_warmup_steps = 0.1

[pictures]
resolution = "768,768"
train_batch_size = 2
flip_aug = true
keep_tokens = 2
shuffle_caption = true
multires_noise_iterations = 6

[others]
max_train_epochs = 12
save_precision = "bf16"
token_warmup_step = 100
some_new_option = 3
"""


def changes(config: TrainConfig) -> dict:
    def flat(values, prefix=""):
        for name, value in values.items():
            if isinstance(value, dict):
                yield from flat(value, f"{prefix}{name}.")
            else:
                yield prefix + name, value

    before = dict(flat(config_to_json(BASE)))
    return {name: value for name, value in flat(config_to_json(config)) if before[name] != value}


def test_options_of_a_script_become_settings():
    read = read_settings(SCRIPT, BASE)
    assert read.kind == "kohya"
    assert changes(read.config) == {
        "adapter": "loha",
        "lora.rank": 32,
        "lora.conv_rank": 8,
        "lora.conv_alpha": 4.0,
        "lora.unet_lr": 1.0,
        "lora.text_encoder_lr": 1.0,
        "optimizer.name": "prodigy",
        "optimizer.weight_decay": 0.02,
        "optimizer.arguments": "d_coef=0.8, weight_decouple=True",
        "schedule.name": "cosine_with_restarts",
        "schedule.num_cycles": 3,
        "schedule.warmup_fraction": 0.1,
        "data.resolution": 768,
        "data.batch_size": 2,
        "augment.flip_probability": 0.5,
        "captions.keep_tags": 2,
        "captions.shuffle_tags": True,
        "noise.pyramid_discount": 0.3,
        "duration.num_epochs": 12,
        "saving.dtype": "bf16",
    }


def test_what_has_no_place_is_told():
    report = read_settings(SCRIPT, BASE).report
    assert [(each.key, each.value) for each in report.problems] == [("some_new_option", 3)]
    assert [each.key for each in report.without_meaning if each.is_lost] == ["token_warmup_step"]


def test_form_for_the_scripts_keeps_empty_fields_which_say_nothing():
    form = {"LoRA_type": "Kohya LoCon", "network_dim": 8, "epoch": 3, "max_train_steps": 0, "vae": ""}
    form |= {"train_batch_size": 1, "text_encoder_lr": 0.0, "lr_warmup": 10, "unet_lr": 0.0001, "seed": "7"}
    read = read_settings(json.dumps(form), BASE)
    assert changes(read.config) == {
        "adapter": "lora",
        "seed": 7,
        "lora.rank": 8,
        "duration.num_epochs": 3,
        "schedule.warmup_fraction": 0.1,
    }
    assert not read.report.problems


def test_folders_are_those_of_the_first_concept(tmp_path):
    values = {"train_data_dir": str(tmp_path), "reg_data_dir": str(tmp_path / "gone"), "network_dim": 4}
    read = read_settings(json.dumps(values), BASE)
    assert read.config.concepts[0].instance_data_dir == str(tmp_path)
    assert [each.key for each in read.report.problems] == ["reg_data_dir"]


def test_every_place_is_a_setting():
    settings = {setting.name for setting in describe_settings(TrainConfig)}
    named = {name for place in KOHYA.values() if isinstance(place, To) for name in place.settings}
    assert named <= settings
    of_concepts = {name for place in CONCEPT.values() for name in place.settings}
    assert of_concepts <= {field.name for field in fields(Concept)}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"lora.rank": 4, "seed": 3}),
        json.dumps({"lora": {"rank": 4}, "seed": 3}),
        json.dumps({"format_version": 1, "config": {"lora": {"rank": 4}, "seed": 3}}),
        "seed = 3\n[lora]\nrank = 4\n",
    ],
)
def test_settings_of_ours_are_taken_in_every_form(text):
    read = read_settings(text, BASE)
    assert (read.kind, read.config) == ("trainer", with_values(BASE, {"lora.rank": 4, "seed": 3}))


def test_settings_come_back_from_a_file_as_they_went(tmp_path):
    config = with_values(BASE, {"data.batch_size": 3, "method": "finetune"})
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(config_to_json(config)), encoding="utf-8")
    assert read_settings_file(path, BASE).config == config


def test_settings_of_the_old_extension_are_migrated():
    read = read_settings(json.dumps({"model_name": "x", "num_train_epochs": 7}), BASE)
    assert (read.kind, read.config.duration.num_epochs) == ("old extension", 7)


@pytest.mark.parametrize("text", ["[", "3", '{"lora": {"rank": "many"}}', '{"nonsense": 1}'])
def test_anything_else_is_refused_in_words(text):
    with pytest.raises(ConfigError, match=r"TOML|object of names|not an int|no such setting"):
        read_settings(text, BASE)


@pytest.mark.parametrize(
    ("theirs", "name", "class_name"),
    [
        ("PagedLion8bit", "paged_lion_8bit", ""),
        ("RAdamScheduleFree", "schedule_free_radam", ""),
        ("DAdaptLion", "custom", "pytorch_optimizer.DAdaptLion"),
        ("prodigyplus.ProdigyPlusScheduleFree", "custom", "prodigyplus.ProdigyPlusScheduleFree"),
    ],
)
def test_optimizers_are_ours_or_classes(theirs, name, class_name):
    told = values.optimizer(theirs, Old({}))
    assert (told["optimizer.name"], told.get("optimizer.class_name", "")) == (name, class_name)


def test_arguments_of_an_optimizer_are_plain_values():
    told = values.arguments(["betas=0.9,0.99", "use_bias_correction=True", "weight_decay=0.1"], Old({}))
    assert told == {
        "optimizer.arguments": "betas=(0.9, 0.99), bias_correction=True",
        "optimizer.weight_decay": 0.1,
    }
