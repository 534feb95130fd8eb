"""The prompts that the page shows are those that are trained."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambooth.actions.concept_prompts import least_tokens, prompts
from dreambooth.config.concept import Concept
from dreambooth.config.settings import DataConfig, TrainConfig
from dreambooth.config.store import config_to_json
from dreambooth.data.examples import build_examples
from dreambooth.models.tokenizer import clip_tokenizer

DOG = Concept(
    instance_prompt="a photo of sks dog, [filewords]",
    class_prompt="a photo of a dog, [filewords]",
    instance_token="sks",
    class_token="dog",
    num_class_images_per=1,
)


@pytest.fixture
def describe(until_complete, photos):
    """What is told of a single concept with other fields, and the notes."""

    def ask(method="dreambooth", data=None, **fields):
        concept = replace(DOG, instance_data_dir=str(photos), **fields)
        config = TrainConfig(method=method, concepts=(concept,), data=data or DataConfig())
        answer = until_complete(prompts, {"config": config_to_json(config)})
        return answer["concepts"][0], answer["notes"]

    return ask


@pytest.mark.parametrize("method", ["dreambooth", "hybrid", "finetune"])
def test_prompts_are_those_of_the_training(describe, draw, photos, tmp_path, method):
    for name, caption in (("a", "a brown dog, on grass"), ("b", "in snow")):
        draw(f"{name}.png", caption)
    told, _ = describe(method)
    concept = replace(DOG, instance_data_dir=str(photos))
    dataset = build_examples(TrainConfig(method=method, concepts=(concept,)), [tmp_path / "none"])
    assert [row["instance"] for row in told["examples"]] == [each.prompt for each in dataset.instances]
    assert [row["picture"] for row in told["examples"]] == [str(each.image) for each in dataset.instances]


def test_every_part_of_a_prompt_is_filled_in(describe, draw):
    draw("a.png", "on grass")
    told, notes = describe(save_sample_prompt="sks dog [filewords] at night")
    (row,) = told["examples"]
    assert row["instance"] == "a photo of sks dog, on grass"
    assert row["class"] == ["a photo of a dog, on grass"]
    assert row["sample"] == told["sample"] == "sks dog on grass at night"
    assert (told["warnings"], notes) == ([], [])


def test_all_pictures_are_counted_and_the_first_shown(describe, draw):
    for number in range(8):
        draw(f"{number}.png", f"on grass {number // 4}", spot=number)
    told, _ = describe(class_prompt="a {red|blue} dog, [filewords]")
    assert (told["images"], len(told["examples"])) == (8, 5)
    assert told["distinct"] == {"instance": 2, "class": 4}


def test_without_class_images_there_is_no_class_prompt(describe, draw):
    draw("a.png", "on grass")
    assert describe(num_class_images_per=0)[0]["examples"][0]["class"] == []


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"instance_prompt": "a photo of a dog"}, "1 of 1 instance prompts lack the token sks"),
        ({"class_prompt": "a photo of sks dog"}, "holds the token sks"),
        (
            {"instance_token": "", "instance_prompt": "a dog", "class_prompt": "a dog"},
            "'a dog' is an instance prompt and a class prompt",
        ),
        ({"instance_prompt": "sks " + "dog " * 80}, "a prompt has 81 tokens or more, of which 75 are used"),
    ],
)
def test_prompts_that_look_wrong_are_warned_of(describe, draw, fields, warning):
    draw("a.png", "on grass")
    told, _ = describe(**{"class_prompt": "a photo of a dog", **fields})
    assert any(warning in text for text in told["warnings"])


def test_folder_that_is_not_there_is_warned_of(until_complete):
    concept = {"instance_data_dir": "/nowhere/at/all"}
    (told,) = until_complete(prompts, {"config": {"concepts": [concept]}})["concepts"]
    assert told["warnings"] == ["the folder /nowhere/at/all does not exist"]


def test_shuffling_and_dropout_are_told(describe, draw):
    draw("a.png", "on grass")
    _, notes = describe(data=DataConfig(shuffle_tags=True, caption_dropout_probability=0.1))
    assert len(notes) == 2
    assert "another order" in notes[0]
    assert notes[1].startswith("10% of the pictures")


@settings(derandomize=True, deadline=None, database=None)
@given(st.text(alphabet="aeS zsk'éø_-,.!( )12²漢🐕", max_size=40))
def test_least_tokens_are_never_more_than_there_are(prompt):
    assert least_tokens(prompt) <= len(clip_tokenizer()(prompt)["input_ids"]) - 2
