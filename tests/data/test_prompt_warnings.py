from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.drawn_prompts import drawn_prompt
from dreambooth.data.prompt_warnings import prompt_warnings, template_warnings


def reading(**captions):
    config = TrainConfig()
    return replace(config, captions=replace(config.captions, **captions))


def test_short_prompts_are_not_warned_of():
    assert list(prompt_warnings(reading(), ["robot " * 75, "a [red|blue] robot"])) == []


def test_long_prompts_are_told_once_with_what_to_do():
    (told,) = prompt_warnings(reading(), ["robot " * 76, "robot " * 140, "a robot"])
    assert told.startswith("2 prompts are longer than is read: of the 140 tokens of 'robot robot")
    assert told.endswith("… 75 are used; captions.max_tokens=150 reads more")


def test_nothing_is_advised_where_no_more_can_be_read():
    (told,) = prompt_warnings(reading(max_tokens="300"), ["robot " * 400])
    assert told.endswith("300 are used")


def test_a_break_that_does_not_fit_is_told():
    (told,) = prompt_warnings(reading(prompt_weights=True), ["a robot BREAK on grass"])
    assert "of the 4 tokens of 'a robot BREAK on grass' 2 are used" in told


def test_what_only_webuis_do_is_told_where_weights_are_read():
    prompts = ["a robot", "a [red:blue:0.5] robot"]
    (told,) = prompt_warnings(reading(prompt_weights=True), prompts)
    assert told.startswith("[red:blue:0.5] in 'a [red:blue:0.5] robot' changes a prompt")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"save_sample_prompt": "a [red:blue:0.5] robot, [filewords]"}, "sample prompt"),
        ({"save_sample_negative_prompt": "ugly [a|b]"}, "sample negative prompt"),
        ({"class_negative_prompt": "a AND b", "num_class_images_per": 1}, "class negative prompt"),
    ],
)
def test_drawn_prompts_that_only_webuis_understand_are_told(fields, name):
    concept = Concept(instance_prompt="a robot", class_prompt="a robot, [filewords]", **fields)
    (told,) = template_warnings(reading(), concept)
    assert f" in the {name} changes a prompt while a webui draws" in told


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"instance_prompt": "a (sks:1.2) dog"}, "the brackets of the instance prompt are taken literally"),
        (
            {"class_prompt": "a (dog:1.2)", "num_class_images_per": 1},
            "class images are drawn with",
        ),
    ],
)
def test_weights_that_are_not_read_are_told(fields, start):
    concept = Concept(**{"instance_prompt": "a sks dog [filewords]", **fields})
    (told,) = template_warnings(reading(), concept)
    assert told.startswith(start)
    assert list(template_warnings(reading(prompt_weights=True), concept)) == []


@pytest.mark.parametrize(
    ("prompt", "template", "weighted", "drawn"),
    [
        ("a saber (fate)", "a [filewords]", False, r"a saber \(fate\)"),
        ("a saber (fate)", "a [filewords]", True, "a saber (fate)"),
        ("a (saber:1.2) (fate)", "a (saber:1.2) [filewords]", False, "a (saber:1.2) (fate)"),
        ("a saber", "a saber", False, "a saber"),
    ],
)
def test_literal_brackets_of_captions_are_drawn_as_such(prompt, template, weighted, drawn):
    assert drawn_prompt(prompt, template, reading(prompt_weights=weighted).captions) == drawn
