"""Every setting of the old extension has its place, and every setting of ours that is named exists."""

from dataclasses import fields

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import config_to_json
from dreambooth.migration.concepts import FIELDS, OURS_ALONE
from dreambooth.migration.earlier import EARLIER
from dreambooth.migration.places import To
from dreambooth.migration.settings import PLACES
from dreambooth.migration.table import LATEST
from tests.migration.old_settings import LATEST_KEYS, old_concept

# Values that are the default of no setting, and what else must be true for a setting to count.
OTHER_VALUES = {
    "custom_model_name": "my robot",
    "lr_scheduler": "cosine",
    "optimizer": "8bit AdamW",
    "scheduler": "euler",
    "mixed_precision": "no",
    "half_model": False,
    "half_lora": False,
    "sanity_prompt": "a dog",
    "seed": 5,
    "max_token_length": 150,
    "resolution": 64,
    "center_crop": False,
    "cache_latents": False,
    "train_unet": False,
    "save_ckpt_after": False,
    "save_ckpt_cancel": True,
    "save_lora_cancel": True,
    "save_state_after": True,
    "save_state_cancel": True,
    "save_state_during": True,
    "use_lora_extended": True,
    "save_lora_after": False,
    "prior_loss_scale": True,
    "dream_detail_preservation": 0.75,
}
BESIDE = {
    "learning_rate_min": {"lr_scheduler": "cosine_annealing", "learning_rate": 1.0},
    "min_learning_rate": {"lr_scheduler": "cosine_annealing", "learning_rate": 1.0},
    "lr_warmup_steps": {"lr_scheduler": "constant_with_warmup"},
    "save_lora_after": {"use_lora": True},
    "save_lora_cancel": {"use_lora": True},
    "save_lora_during": {"use_lora": True},
    "scale_lr": {"learning_rate": 0.5, "train_batch_size": 2},
    "prior_loss_scale": {"num_train_epochs": 200},
}
MAPPED = sorted(key for key, place in PLACES.items() if isinstance(place, To))


def settings_of(config: TrainConfig) -> dict:
    values = config_to_json(config)
    told = {}
    for setting in describe_settings(TrainConfig):
        value = values
        for name in setting.name.split("."):
            value = value[name]
        told[setting.name] = value
    return told


def test_every_key_of_the_last_generation_has_its_place():
    assert len(LATEST_KEYS) == 106
    assert LATEST.keys() == set(LATEST_KEYS)
    assert not LATEST.keys() & EARLIER.keys()


def test_every_setting_that_is_named_exists():
    known = {setting.name for setting in describe_settings(TrainConfig)}
    assert {name for key in MAPPED for name in PLACES[key].settings} <= known


def test_every_field_of_a_concept_has_its_place():
    assert FIELDS.keys() >= old_concept().keys()
    named = {name for place in FIELDS.values() if isinstance(place, To) for name in place.settings}
    assert named == {field.name for field in fields(Concept)} - OURS_ALONE


def other_value(key: str) -> object:
    if key in OTHER_VALUES:
        return OTHER_VALUES[key]
    setting = next(s for s in describe_settings(TrainConfig) if s.name == PLACES[key].settings[0])
    is_box = setting.kind in ("bool", "choice") or key.startswith(
        ("train_text", "scale_lr", "save_ckpt", "save_lora", "hflip")
    )
    return True if is_box else 3 if setting.kind == "int" else 0.5


@pytest.mark.parametrize("key", MAPPED)
def test_another_value_changes_the_settings_that_are_named_and_no_others(migrate, key):
    beside = BESIDE.get(key, {})
    before = settings_of(migrate(beside).config)
    migrated = migrate({**beside, key: other_value(key)})
    after = settings_of(migrated.config)
    changed = {name for name in after if after[name] != before[name]}
    assert [entry.key for entry in migrated.report.mapped if entry.key == key]
    assert changed
    assert changed <= set(PLACES[key].settings)
