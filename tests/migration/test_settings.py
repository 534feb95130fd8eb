"""What settings of the old extension become."""

import json

import pytest

from dreambooth.config.rules import find_problems
from tests.conftest import draw_photos
from tests.migration.conftest import reasons
from tests.migration.old_settings import (
    first_generation,
    latest_generation,
    old_concept,
    second_generation,
)

GENERATIONS = [first_generation, second_generation, latest_generation]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_key_of_a_file_is_told_once(migrate, photos, generation):
    values = generation(str(photos))
    report = migrate(values).report
    lists = (report.mapped, report.kept, report.without_meaning, report.problems)
    told = [entry.key for entries in lists for entry in entries if "." not in entry.key]
    assert sorted(told) == sorted(values)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_is_migrated_can_be_trained(migrate, photos, generation):
    migrated = migrate(generation(str(photos)))
    assert find_problems(migrated.config) == []
    assert migrated.report.problems == []


def test_settings_of_the_first_generation(migrate, photos):
    migrated = migrate(first_generation(str(photos)))
    config, (concept,) = migrated.config, migrated.config.concepts
    assert (config.optimizer.name, config.optimizer.beta1, config.optimizer.max_grad_norm) == (
        "adamw_8bit",
        0.8,
        2,
    )
    assert (config.optimizer.weight_decay, config.optimizer.text_encoder_lr) == (0.02, 1e-6)
    assert (config.schedule.name, config.schedule.warmup_steps, config.duration.max_steps) == (
        "linear",
        7,
        800,
    )
    assert (config.saving.save_every_steps, config.saving.save_every_epochs) == (500, 0)
    assert (config.samples.sample_every_steps, config.samples.sampler) == (250, "euler_a")
    assert (config.parts.text_encoder_fraction, config.precision.device) == (1, "cpu")
    assert (config.data.cache_latents, config.augment.flip_probability, config.saving.dtype) == (
        False,
        0.5,
        "fp32",
    )
    assert (concept.num_class_images_per, concept.save_infer_steps, concept.n_save_sample) == (2, 60, 4)
    assert (migrated.lifetime_steps, config.method, config.adapter) == (600, "dreambooth", "none")


def test_settings_of_the_second_generation(migrate, photos):
    migrated = migrate(second_generation(str(photos)))
    config = migrated.config
    assert (config.adapter, config.lora.rank, config.lora.alpha, config.lora.unet_lr) == ("lora", 8, 8, 2e-4)
    assert (config.data.batch_size, config.schedule.warmup_steps, config.ema.enabled) == (2, 13, False)
    assert (migrated.lifetime_steps, migrated.lifetime_epochs) == (30, 10)
    assert (config.saving.save_every_epochs, config.saving.at_end) == (0, "nothing")
    assert (config.samples.sample_every_epochs, config.optimizer.name) == (5, "adamw_8bit")
    assert config.optimizer.weight_decay == 0.03


def test_settings_of_the_last_generation(migrate, photos):
    migrated = migrate(latest_generation(str(photos)))
    config = migrated.config
    assert (config.optimizer.unet_lr, config.optimizer.text_encoder_lr) == (2e-6, 5e-7)
    assert (config.loss.min_snr_gamma, config.preservation.weight) == (5, 0.75)
    assert (config.samples.sanity_prompt, config.samples.sanity_seed) == ("a photo of a dog", 7)
    assert (config.precision.mixed_precision, config.saving.save_every_epochs) == ("bf16", 25)
    lost = [entry.key for entry in migrated.report.without_meaning if entry.is_lost]
    assert lost == ["tomesd"]
    assert (config.captions.clip_skip, config.captions.max_tokens) == (2, "75")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("train_batch_size", "2", "'2' is not an int"),
        ("train_batch_size", 0, "below the least value"),
        ("learning_rate", "fast", "'fast' is not a number"),
        ("learning_rate", True, "True is not a number"),
        ("offset_noise", -0.5, "below the least value"),
        ("mixed_precision", "fp8", "choose one of"),
        ("optimizer", 3, "not the name of the optimizer"),
        ("use_lora", "yes", "neither true nor false"),
        ("lr_scheduler", "dadapt_with_warmup", "dadapt_with_warmup is not available yet"),
        ("shoe_size", 44, "no setting of the old extension"),
        ("num_train_epochs", [3], r"[3] is not an int"),
        ("concepts_list", "none", "is no list of concepts"),
        ("concepts_list", [7], "is no concept"),
        ("lora_unet_rank", 4.5, "not a whole number"),
    ],
)
def test_value_that_cannot_be_used_is_told_and_left_at_its_default(migrate, key, value, reason):
    migrated = migrate({"model_name": "x", key: value})
    assert migrated.config == migrate({"model_name": "x"}).config
    (trouble,) = migrated.report.problems
    assert reason in trouble.reason


def test_nothing_in_a_place_is_not_fatal(migrate, photos):
    values = latest_generation(str(photos))
    migrated = migrate(dict.fromkeys(values))
    assert (migrated.lifetime_steps, migrated.source, migrated.config.concepts) == (0, "", ())
    assert migrated.report.mapped == []


@pytest.mark.parametrize(
    ("optimizer", "name", "rate"),
    [
        ("AdanIP Dadaptation", "adamw", 2e-6),
        ("Prodigy", "prodigy", 0.5),
        ("Paged 8bit AdamW", "paged_adamw_8bit", 0.5),
        ("AdamW Dadaptation", "dadapt_adam", 0.5),
        ("AdamW", "adamw", 0.5),
    ],
)
def test_rates_of_optimizers_that_are_not_here_are_not_used(migrate, optimizer, name, rate):
    migrated = migrate({"optimizer": optimizer, "learning_rate": 0.5})
    assert (migrated.config.optimizer.name, migrated.config.optimizer.unet_lr) == (name, rate)
    assert ("is a rate for AdanIP" in reasons(migrated).get("learning_rate", "")) is (rate != 0.5)


def test_optimizer_of_a_package_is_named_by_its_class(migrate):
    optimizer = migrate({"optimizer": "Tiger"}).config.optimizer
    assert (optimizer.name, optimizer.class_name) == ("custom", "pytorch_optimizer.Tiger")


def test_adafactor_scaled_the_rate_as_it_did(migrate):
    assert migrate({"optimizer": "Adafactor"}).config.optimizer.arguments == "scale_parameter=True"


@pytest.mark.parametrize(("told", "clipping"), [(0.0, -1), (0.5, 0.5)])
def test_text_encoder_has_its_own_decay_and_clipping(migrate, told, clipping):
    optimizer = migrate({"tenc_weight_decay": 0.02, "tenc_grad_clip_norm": told}).config.optimizer
    assert (optimizer.text_encoder_weight_decay, optimizer.text_encoder_max_grad_norm) == (0.02, clipping)


@pytest.mark.parametrize(("told", "share"), [(0, 0), (0.4, 0.4), (1, 1), (-1, 1), (25, 0.25), (400, 1)])
def test_text_encoder_learns_for_a_share_of_the_run(migrate, told, share):
    config = migrate({"num_train_epochs": 100, "stop_text_encoder": told}).config
    assert config.parts.text_encoder_fraction == share


def test_text_encoder_alone_learns_from_beginning_to_end(migrate, photos):
    config = migrate(latest_generation(str(photos), train_unet=False, stop_text_encoder=0.5)).config
    assert (config.parts.train_unet, config.parts.text_encoder_fraction) == (False, 1)


@pytest.mark.parametrize(
    ("told", "name", "fraction"),
    [("constant", "constant", 0), ("cosine_annealing", "cosine", 0.5), ("polynomial", "polynomial", 0)],
)
def test_schedules_are_found_by_what_they_do(migrate, told, name, fraction):
    values = {"lr_scheduler": told, "lr_factor": 0.5, "learning_rate": 2e-6, "learning_rate_min": 1e-6}
    config = migrate(values).config
    assert (config.schedule.name, config.schedule.min_lr_fraction) == (name, fraction)


def test_warmup_of_a_schedule_that_had_none_is_left_out(migrate):
    assert (
        migrate(
            {"lr_scheduler": "constant", "lr_factor": 0.5, "lr_warmup_steps": 500}
        ).config.schedule.warmup_steps
        == 0
    )


def test_multiplied_rate_is_multiplied(migrate):
    values = {
        "learning_rate": 1e-6,
        "scale_lr": True,
        "train_batch_size": 4,
        "gradient_accumulation_steps": 2,
    }
    assert migrate(values).config.optimizer.unet_lr == pytest.approx(8e-6)


def test_names_with_the_old_prefix_are_known(migrate):
    assert migrate({"db_hflip": True}).config.augment.flip_probability == 0.5


@pytest.mark.parametrize(
    ("fields", "method"),
    [
        ({}, "dreambooth"),
        ({"instance_prompt": "[filewords]"}, "hybrid"),
        ({"instance_prompt": "[filewords]", "instance_token": ""}, "finetune"),
        ({"instance_prompt": "[filewords]", "instance_token": "", "num_class_images_per": 1}, "dreambooth"),
    ],
)
def test_method_follows_from_prompts_and_tokens(migrate, photos, fields, method):
    concept = old_concept(instance_data_dir=str(photos), **fields)
    assert migrate({"concepts_list": [concept]}).config.method == method


def test_token_that_used_to_be_put_into_a_prompt_is_told(migrate, photos):
    concept = old_concept(instance_data_dir=str(photos), instance_prompt="a photo of a robot")
    (trouble,) = migrate({"concepts_list": [concept]}).report.problems
    assert "the old extension put sks into it" in trouble.reason


def test_empty_concepts_are_passed_over_and_class_images_stay_with_theirs(migrate, photos, tmp_path):
    empty = old_concept(
        instance_prompt="", instance_token="", class_prompt="", class_token="", save_sample_prompt=""
    )
    own = draw_photos(tmp_path / "classifiers_9", 1)
    concepts = [
        old_concept(instance_data_dir=str(photos), class_data_dir="C:\\w\\dreambooth\\robot\\classifiers_3"),
        empty,
        old_concept(instance_data_dir=str(photos), class_data_dir=str(own)),
    ]
    migrated = migrate({"model_name": "robot", "concepts_list": concepts})
    assert [concept.class_data_dir for concept in migrated.config.concepts] == ["", str(own)]
    assert migrated.class_folders == (3, 1)
    assert migrated.report.problems == []


def test_concept_without_pictures_that_says_something_is_told(migrate):
    (trouble,) = migrate({"concepts_list": [old_concept()]}).report.problems
    assert (trouble.key, trouble.value["instance_token"]) == ("concepts_list.0", "sks")


def test_folder_that_is_not_on_this_machine_is_told(migrate):
    migrated = migrate({"concepts_list": [old_concept(instance_data_dir="D:\\photos")]})
    assert migrated.config.concepts[0].instance_data_dir == "D:\\photos"
    assert "not a folder on this machine" in migrated.report.problems[0].reason


def test_fields_of_a_concept_that_cannot_be_used_are_told(migrate, photos):
    concept = old_concept(
        instance_data_dir=str(photos), n_save_sample="4", sample_seed=None, hat=1, max_steps=9
    )
    migrated = migrate({"concepts_list": [concept]})
    assert migrated.config.concepts[0].n_save_sample == 1
    told = reasons(migrated)
    assert told.keys() >= {
        f"concepts_list.0.{name}" for name in ("n_save_sample", "sample_seed", "hat", "max_steps")
    }


@pytest.mark.parametrize("is_typed", [True, False])
def test_concepts_may_come_from_a_list_beside_the_form(migrate, photos, tmp_path, is_typed):
    concepts = [{"instance_data_dir": str(photos)}]
    (tmp_path / "list.json").write_text(json.dumps({"concepts_list": concepts}))
    told = json.dumps(concepts) if is_typed else str(tmp_path / "list.json")
    values = {"use_concepts": True, "concepts_path": told, "concepts_list": [old_concept()]}
    assert migrate(values).config.concepts[0].instance_data_dir == str(photos)


def test_list_that_cannot_be_read_gives_way_to_the_form(migrate, photos):
    form = [old_concept(instance_data_dir=str(photos))]
    migrated = migrate({"use_concepts": True, "concepts_path": "/nowhere.json", "concepts_list": form})
    assert len(migrated.config.concepts) == 1
    assert migrated.report.problems[0].key == "concepts_path"
