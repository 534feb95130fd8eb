"""The card and the preview beside a result."""

import json
from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.folders import ModelFolder, find_newest_sample
from dreambooth.config.settings import TrainConfig
from dreambooth.tasks.cards import (
    activation_text,
    build_card,
    card_file,
    preview_file,
    remove_result,
    write_card,
    write_preview,
)

ROBOT = Concept(instance_prompt="a photo of a sks robot", instance_token="sks", class_token="robot")


def config_of(*concepts: Concept, method="dreambooth") -> TrainConfig:
    return TrainConfig(method=method, concepts=concepts)


@pytest.mark.parametrize(
    ("method", "fields", "text"),
    [
        ("dreambooth", {}, "sks robot"),
        ("dreambooth", {"class_token": ""}, "sks"),
        ("dreambooth", {"instance_token": "sks robot"}, "sks robot"),
        ("dreambooth", {"instance_token": ""}, "a photo of a sks robot"),
        ("dreambooth", {"instance_token": "", "instance_prompt": "zwx toy, [filewords]"}, "zwx toy"),
        ("hybrid", {"instance_prompt": "[filewords]"}, "sks robot"),
        ("finetune", {"instance_token": "", "instance_prompt": "[filewords]"}, ""),
    ],
)
def test_activation_text_is_what_calls_the_subject_up(method, fields, text):
    assert activation_text(config_of(replace(ROBOT, **fields), method=method)) == text


def test_activation_text_names_every_concept_once():
    other = replace(ROBOT, instance_token="zwx", class_token="dog")
    assert activation_text(config_of(ROBOT, other, ROBOT)) == "sks robot, zwx dog"


@pytest.mark.parametrize(
    ("family", "version"), [("sd1", "SD1"), ("sd2", "SD2"), ("sdxl", "SDXL"), ("other", "Unknown")]
)
def test_card_says_in_the_hosts_words_what_the_result_is_for(family, version):
    assert build_card(config_of(ROBOT), family, "toy", 7, is_adapter=False)["sd version"] == version


def test_weight_stands_on_the_card_of_an_adapter_alone():
    adapter = build_card(config_of(ROBOT), "sd1", "toy", 7, is_adapter=True)
    checkpoint = build_card(config_of(ROBOT), "sd1", "toy", 7, is_adapter=False)
    assert adapter["preferred weight"] == 1.0
    assert adapter.keys() - checkpoint.keys() == {"preferred weight"}
    assert adapter["notes"].startswith("7 steps")


def test_card_that_somebody_edited_stays(tmp_path):
    result = tmp_path / "my.toy_7.safetensors"
    write_card(result, {"notes": "ours"})
    assert json.loads((tmp_path / "my.toy_7.json").read_text()) == {"notes": "ours"}
    card_file(result).write_text('{"notes": "mine"}')
    write_card(result, {"notes": "ours"})
    assert card_file(result).read_text() == '{"notes": "mine"}'


def test_what_lies_beside_a_result_goes_with_it(tmp_path):
    kept, gone = tmp_path / "toy_1.safetensors", tmp_path / "toy_10.safetensors"
    (tmp_path / "picture.png").write_bytes(b"x")
    for result in (kept, gone):
        result.touch()
        write_card(result, {})
        write_preview(result, tmp_path / "picture.png")
    remove_result(gone)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "picture.png",
        "toy_1.json",
        "toy_1.preview.png",
        "toy_1.safetensors",
    ]
    assert preview_file(kept).read_bytes() == b"x"


def test_newest_sample_is_the_first_of_the_last_set(tmp_path):
    folder = ModelFolder(tmp_path)
    assert find_newest_sample(folder) is None
    folder.samples.mkdir()
    for name in ("sample_9-0", "sample_120-0", "sample_120-1", "sample_x-y", "sample_mine-1-2", "other"):
        (folder.samples / f"{name}.png").touch()
    assert find_newest_sample(folder).name == "sample_120-0.png"
