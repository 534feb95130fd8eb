"""The prompts that the page shows are those that are trained."""

from dataclasses import replace

import pytest

from dreambooth.actions.concept_prompts import prompts
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import config_to_json
from dreambooth.data.examples import build_examples
from tests.actions.dataset.conftest import NAME

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

    def ask(method="dreambooth", **fields):
        concept = replace(DOG, **{"instance_data_dir": str(photos), **fields})
        values = {"name": NAME, "method": method, "concepts": [config_to_json(concept)]}
        answer = until_complete(prompts, values)
        return answer["concepts"][0], answer["notes"]

    return ask


@pytest.mark.parametrize("method", ["dreambooth", "hybrid", "finetune"])
def test_prompts_are_those_of_the_training(describe, draw, photos, tmp_path, method):
    for name, caption in (("a", "a brown dog, on grass"), ("b", "in snow")):
        draw(f"{name}.png", caption)
    told, _ = describe(method)
    concept = replace(DOG, instance_data_dir=str(photos))
    dataset = build_examples(TrainConfig(method=method, concepts=(concept,)), [tmp_path / "none"])
    assert [row["instance"] for row in told["prompts"]] == [each.prompt for each in dataset.instances]
    assert [row["picture"] for row in told["prompts"]] == [str(each.image) for each in dataset.instances]


def test_every_part_of_a_prompt_is_filled_in(describe, draw):
    draw("a.png", "on grass")
    told, notes = describe(save_sample_prompt="sks dog [filewords] at night")
    (row,) = told["prompts"]
    assert row["instance"] == "a photo of sks dog, on grass"
    assert row["class"] == "a photo of a dog, on grass"
    assert row["sample"] == "sks dog on grass at night"
    assert (row["tokens"], row["read"]) == (8, 8)
    assert (told["warnings"], notes) == ([], [])


def test_same_prompts_are_one_row_and_previews_show_the_first_caption(describe, draw):
    for number in range(8):
        draw(f"{number}.png", f"on grass {number // 4}", spot=number)
    told, _ = describe(class_prompt="a {red|blue} dog, [filewords]")
    assert (told["images"], told["distinct"]) == (8, 2)
    assert [(row["picture"][-5:], row["images"]) for row in told["prompts"]] == [("0.png", 4), ("4.png", 4)]
    assert told["prompts"][1]["class"] == "a red dog, on grass 1 | a blue dog, on grass 1"
    assert told["prompts"][1]["sample"] == "a photo of sks dog, on grass 0"


def test_of_many_prompts_the_first_are_told(describe, draw):
    for number in range(8):
        draw(f"{number}.png", f"on grass {number}", spot=number)
    told, _ = describe()
    assert (len(told["prompts"]), told["distinct"]) == (5, 8)


def test_without_class_images_there_is_no_class_prompt(describe, draw):
    draw("a.png", "on grass")
    assert describe(num_class_images_per=0)[0]["prompts"][0]["class"] is None


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"instance_prompt": "a photo of a dog"}, "1 of 1 instance prompts lack the token sks"),
        ({"class_prompt": "a photo of sks dog"}, "holds the token sks"),
        (
            {"instance_token": "", "instance_prompt": "a dog", "class_prompt": "a dog"},
            "'a dog' is an instance prompt and a class prompt",
        ),
        ({"instance_prompt": "sks " + "dog " * 80}, "of the 81 tokens of 'sks dog"),
    ],
)
def test_prompts_that_look_wrong_are_warned_of(describe, draw, fields, warning):
    draw("a.png", "on grass")
    told, _ = describe(**{"class_prompt": "a photo of a dog", **fields})
    assert any(warning in text for text in told["warnings"])


def test_folder_that_is_not_there_is_warned_of(describe):
    assert describe(instance_data_dir="/nowhere/at/all")[0]["warnings"] == [
        "the folder /nowhere/at/all does not exist"
    ]


def test_concept_without_a_folder_is_warned_of(describe):
    assert "has no instance folder" in describe(instance_data_dir="")[0]["warnings"][0]


def test_shuffling_and_dropout_are_told(place, describe, draw):
    draw("a.png", "on grass")
    config = place.library.load(NAME).config
    captions = replace(config.captions, shuffle_tags=True, dropout_probability=0.1, prefix="by sks,")
    place.library.save_config(NAME, replace(config, captions=captions))
    assert describe(instance_prompt="[filewords]")[0]["prompts"][0]["instance"] == "by sks, on grass"
    _, notes = describe()
    assert len(notes) == 2
    assert "another order" in notes[0]
    assert notes[1].startswith("10% of the pictures")


def test_first_answer_on_many_pictures_tells_of_the_first(place, draw, photos):
    for number in range(30):
        draw(f"{number}.png", f"on grass {number}", size=(900, 900), spot=number)
    concept = replace(DOG, instance_data_dir=str(photos))
    first = prompts(place, {"name": NAME, "concepts": [config_to_json(concept)]})
    assert first["complete"] is False
    assert first["concepts"][0]["prompts"][0]["instance"] == "a photo of sks dog, on grass 0"
