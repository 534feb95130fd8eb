"""Every contradiction between settings has its sentence."""

from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.problem import Problem
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed

HYBRID = {"instance_token": "sks", "instance_prompt": "[filewords]", "class_prompt": "[filewords]"}
PRIOR = {"num_class_images_per": 2}


@pytest.fixture
def concept(tmp_path) -> Concept:
    (tmp_path / "dog").mkdir()
    (tmp_path / "dogs").mkdir()
    return Concept(instance_data_dir=str(tmp_path / "dog"), instance_prompt="a sks dog", class_prompt="a dog")


def advice(config: TrainConfig) -> dict[str, str]:
    return {problem.setting: problem.advice for problem in find_problems(config)}


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("dreambooth", {}),
        ("dreambooth", PRIOR),
        ("dreambooth", {"instance_prompt": "[filewords]", "class_prompt": "[filewords]", **PRIOR}),
        ("finetune", {"instance_prompt": "[filewords]"}),
        ("hybrid", HYBRID),
        ("hybrid", {**HYBRID, **PRIOR}),
    ],
)
def test_good_settings_have_no_problem(concept, method, fields):
    assert find_problems(TrainConfig(method=method, concepts=(replace(concept, **fields),))) == []


@pytest.mark.parametrize(
    ("method", "fields", "setting", "words"),
    [
        ("dreambooth", {"instance_data_dir": ""}, "instance_data_dir", "name the folder"),
        ("dreambooth", {"instance_data_dir": "/nowhere"}, "instance_data_dir", "/nowhere is not a folder"),
        ("dreambooth", {"class_data_dir": "/nowhere"}, "class_data_dir", "/nowhere is not a folder"),
        ("dreambooth", {"instance_prompt": " "}, "instance_prompt", "needs a prompt"),
        ("dreambooth", {"class_prompt": " ", **PRIOR}, "class_prompt", "class images need a prompt"),
        ("dreambooth", {"class_prompt": "a sks dog", **PRIOR}, "class_prompt", "is the instance prompt"),
        (
            "dreambooth",
            {"instance_token": "SKS", "class_prompt": "dog of sks kind", **PRIOR},
            "class_prompt",
            "must not contain the instance token SKS",
        ),
        ("finetune", PRIOR, "num_class_images_per", "finetune uses no class images"),
        ("finetune", {"instance_token": "sks"}, "instance_token", "choose hybrid"),
        ("finetune", {}, "instance_prompt", "set [filewords]"),
        ("finetune", {"instance_prompt": "a sks [filewords]"}, "instance_prompt", "captions alone"),
        ("hybrid", {"instance_prompt": "[filewords]"}, "instance_token", "name one"),
        ("hybrid", {"instance_token": "sks"}, "instance_prompt", "keep [filewords]"),
        ("hybrid", {**HYBRID, **PRIOR, "class_prompt": ""}, "class_prompt", "class images need a prompt"),
    ],
)
def test_contradiction_in_a_concept_is_told(concept, method, fields, setting, words):
    config = TrainConfig(method=method, concepts=(concept, replace(concept, **fields)))
    assert words in advice(config)[f"concepts.1.{setting}"]


def test_class_folder_that_is_the_instance_folder_is_told(concept):
    same = replace(concept, class_data_dir=concept.instance_data_dir)
    assert "same folder" in advice(TrainConfig(concepts=(same,)))["concepts.0.class_data_dir"]


@pytest.mark.parametrize(
    ("changes", "setting", "words"),
    [
        ({"parts.train_unet": "no"}, "parts.train_unet", "at least one part"),
        (
            {"parts.train_unet": "no", "parts.text_encoder_fraction": "1", "ema.enabled": "yes"},
            "ema.enabled",
            "which is not trained",
        ),
        ({"data.resolution": "500"}, "data.resolution", "multiple of the bucket step 64"),
        ({"data.resolution": "516", "data.bucket_step_px": "12"}, "data.bucket_step_px", "multiple of 8"),
        ({"data.bucket_min_px": "100"}, "data.bucket_min_px", "multiple of the bucket step 64"),
        ({"data.bucket_min_px": "576"}, "data.bucket_min_px", "not be more than the resolution 512"),
        ({"data.bucket_max_px": "448"}, "data.bucket_max_px", "not less than the resolution 512"),
        (
            {"data.bucket_no_upscale": "yes", "data.use_buckets": "no"},
            "data.bucket_no_upscale",
            "turn on data.use_buckets",
        ),
        ({"augment.variants": "4"}, "augment.variants", "choose a crop"),
        (
            {"augment.masks": "file", "augment.unmasked_weight": "1"},
            "augment.unmasked_weight",
            "makes masks do nothing",
        ),
        (
            {"augment.masks": "file", "augment.unmasked_probability": "1"},
            "augment.unmasked_probability",
            "makes masks do nothing",
        ),
        (
            {"precision.attention": "xformers", "precision.device": "cpu"},
            "precision.attention",
            "choose sdpa",
        ),
    ],
)
def test_contradiction_in_the_training_is_told(concept, changes, setting, words):
    config = changed(TrainConfig(concepts=(concept,)), changes)
    assert list(advice(config)) == [setting]
    assert words in advice(config)[setting]


def test_resolution_of_a_concept_is_held_to_the_step_too(concept):
    config = TrainConfig(concepts=(concept, replace(concept, resolution=700)))
    assert "multiple of the bucket step 64" in advice(config)["concepts.1.resolution"]
    config = TrainConfig(concepts=(concept, replace(concept, resolution=768)))
    assert advice(changed(config, {"data.bucket_max_px": "704"})).keys() == {"data.bucket_max_px"}


def test_colours_need_a_strength(concept):
    strengths = dict.fromkeys(("brightness", "contrast", "saturation", "hue"), "0")
    changes = {"colour_probability": "0.5", **strengths}
    config = changed(
        TrainConfig(concepts=(concept,)), {f"augment.{name}": value for name, value in changes.items()}
    )
    assert "every strength is 0" in advice(config)["augment.colour_probability"]


@pytest.mark.parametrize(
    ("changes", "setting", "words"),
    [
        ({"adapter": "loha", "lora.dropout": "0.1"}, "lora.dropout", "use lora.rank_dropout"),
        ({"adapter": "lokr", "lora.loraplus_ratio": "16"}, "lora.loraplus_ratio", "no second matrix"),
        ({"adapter": "lokr", "lora.lokr_factor": "0"}, "lora.lokr_factor", "from 1, or -1"),
        ({"adapter": "lora", "lora.conv_alpha": "2"}, "lora.conv_alpha", "set lora.conv_rank too"),
        ({"adapter": "lora", "lora.block_ranks": "in=four"}, "lora.block_ranks", "four is not a number"),
        ({"adapter": "lora", "lora.block_ranks": "in=4.5"}, "lora.block_ranks", "4.5 is not"),
        ({"adapter": "lora", "lora.block_ranks": "in=513"}, "lora.block_ranks", "between 0 and 512"),
        ({"adapter": "lora", "lora.block_lr_factors": "1,1"}, "lora.block_lr_factors", "BLOCKS=VALUE"),
        (
            {
                "adapter": "lora",
                "lora.block_ranks": "mid=4",
                "parts.train_unet": "no",
                "parts.text_encoder_fraction": "1",
            },
            "lora.block_ranks",
            "which is not trained",
        ),
        ({"adapter": "lora", "lora.start_file": "x"}, "lora.start_file", "set lora.start=fresh"),
        (
            {"adapter": "lora", "lora.start_file": "/nowhere", "lora.start": "fresh"},
            "lora.start_file",
            "/nowhere is not a file",
        ),
        ({"lora.text_encoder_2_lr": "-0.5"}, "lora.text_encoder_2_lr", "a rate from 0, or -1"),
        ({"optimizer.text_encoder_2_lr": "-0.5"}, "optimizer.text_encoder_2_lr", "a rate from 0, or -1"),
    ],
)
def test_contradiction_in_the_adapter_is_told(concept, changes, setting, words):
    config = changed(TrainConfig(concepts=(concept,)), changes)
    assert list(advice(config)) == [setting]
    assert words in advice(config)[setting]


TOKENS = {"instance_token": "sks", "class_token": "dog"}
HELD = {"preservation.kind": "output_preservation"}
PREDICTED = {"preservation.kind": "prior_prediction"}


@pytest.mark.parametrize(
    ("changes", "setting", "words"),
    [
        ({"loss.debiased": "yes", "loss.min_snr_gamma": "5"}, "loss.debiased", "loss.min_snr_gamma to 0"),
        ({"loss.like_noise": "yes", "loss.debiased": "yes"}, "loss.like_noise", "loss.debiased to false"),
        ({"noise.min_timestep": "500", "noise.max_timestep": "500"}, "noise.min_timestep", "must be below"),
        (
            {"noise.zero_terminal_snr": "yes", "adapter": "lora"},
            "noise.zero_terminal_snr",
            "create the model with --zero-terminal-snr true",
        ),
        (
            {"noise.zero_terminal_snr": "yes", "noise.max_timestep": "900"},
            "noise.max_timestep",
            "at the last timestep: set 1000",
        ),
        ({"preservation.final_weight": "-0.5"}, "preservation.final_weight", "a weight from 0, or -1"),
        (
            {"preservation.final_weight": "0", "preservation.weight": "0"},
            "preservation.final_weight",
            "set preservation.weight too",
        ),
        ({**PREDICTED, "preservation.weight": "0"}, "preservation.weight", "preserves nothing"),
    ],
)
def test_contradiction_in_what_is_minimised_is_told(concept, changes, setting, words):
    config = changed(TrainConfig(concepts=(concept,)), changes)
    assert list(advice(config)) == [setting]
    assert words in advice(config)[setting]


@pytest.mark.parametrize(
    ("changes", "fields", "setting", "words"),
    [
        (HELD, {"class_token": "dog"}, "concepts.0.instance_token", "name it"),
        (HELD, {"instance_token": "sks"}, "concepts.0.class_token", "name it"),
        (HELD, {**TOKENS, **PRIOR}, "concepts.0.num_class_images_per", "set 0, or choose"),
        (
            {**HELD, "method": "finetune"},
            {"instance_prompt": "[filewords]"},
            "preservation.kind",
            "finetune has no token to swap",
        ),
        (PREDICTED, {"class_prompt": " "}, "concepts.0.class_prompt", "needs a prompt"),
        (PREDICTED, {"class_prompt": "a sks dog"}, "concepts.0.class_prompt", "nothing can be learnt"),
    ],
)
def test_what_a_way_of_preservation_lacks_is_told(concept, changes, fields, setting, words):
    config = changed(TrainConfig(concepts=(replace(concept, **fields),)), changes)
    assert list(advice(config)) == [setting]
    assert words in advice(config)[setting]


@pytest.mark.parametrize(("changes", "fields"), [(HELD, TOKENS), (PREDICTED, {}), (PREDICTED, PRIOR)])
def test_preservation_without_contradiction(concept, changes, fields):
    assert advice(changed(TrainConfig(concepts=(replace(concept, **fields),)), changes)) == {}


def test_settings_of_adapters_wait_while_the_full_model_learns(concept):
    config = changed(TrainConfig(concepts=(concept,)), {"lora.block_ranks": "nonsense"})
    assert advice(config) == {}


def test_all_problems_are_told_at_once():
    config = changed(TrainConfig(concepts=(Concept(instance_prompt=""),)), {"parts.train_unet": "no"})
    assert list(advice(config)) == [
        "concepts.0.instance_data_dir",
        "concepts.0.instance_prompt",
        "parts.train_unet",
    ]
    assert list(advice(TrainConfig())) == ["concepts"]


def test_problem_reads_as_setting_and_advice():
    assert str(Problem("lora.rank", "lower it")) == "lora.rank: lower it"
