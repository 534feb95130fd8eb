"""What a method implies: nothing is left that its rules refuse."""

from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.methods import implied_by, with_method
from dreambooth.config.rules import method_problems
from dreambooth.config.settings import TrainConfig

DOG = Concept(
    instance_prompt="a photo of a sks dog",
    instance_token="sks",
    class_token="dog",
    class_prompt="a photo of a dog",
    num_class_images_per=5,
)
STYLE = Concept(instance_prompt="[filewords]")
LINKED = replace(DOG, instance_prompt="[filewords], outdoors", class_prompt="[filewords]")


@pytest.mark.parametrize("method", ["dreambooth", "finetune", "hybrid"])
@pytest.mark.parametrize("concept", [DOG, LINKED])
def test_what_it_implies_contradicts_nothing(method, concept):
    config = with_method(TrainConfig(concepts=(concept,)), method)
    assert config.method == method
    assert not list(method_problems(config))
    assert not implied_by(method, config.concepts[0])


def fields(method: str, concept: Concept) -> dict:
    return {each.field: each.value for each in implied_by(method, concept)}


def test_finetune_takes_captions_alone():
    assert fields("finetune", DOG) == {
        "instance_prompt": "[filewords]",
        "instance_token": "",
        "num_class_images_per": 0,
    }
    assert fields("finetune", STYLE) == {}


def test_hybrid_takes_captions_and_keeps_the_token():
    assert fields("hybrid", DOG) == {"instance_prompt": "[filewords]", "class_prompt": "[filewords]"}
    assert fields("hybrid", LINKED) == {}


def test_dreambooth_makes_its_prompt_of_the_tokens():
    captioned = replace(DOG, instance_prompt="[filewords]", class_prompt="[filewords]")
    assert fields("dreambooth", captioned) == {
        "instance_prompt": "a photo of sks dog",
        "class_prompt": "a photo of dog",
    }
    assert fields("dreambooth", STYLE) == {}


def test_every_reason_is_told():
    assert all(each.reason for each in implied_by("finetune", DOG))
