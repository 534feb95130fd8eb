"""Prompts with choices."""

import pytest

from dreambooth.data.choices import readings, without_choices
from dreambooth.data.errors import DataError


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("a robot", ("a robot",)),
        ("a {red|blue} robot", ("a red robot", "a blue robot")),
        ("{a|b} {1|2}", ("a 1", "a 2", "b 1", "b 2")),
        ("{big |}dog", ("big dog", "dog")),
        ("{masterpiece}, dog", ("{masterpiece}, dog",)),
        ("a {red robot", ("a {red robot",)),
        ("{{a|b}}", ("{a}", "{b}")),
        ("", ("",)),
    ],
)
def test_prompt_stands_for_each_choice(text, stands_for):
    assert readings(text) == stands_for


def test_without_choices_none_of_the_options_is_left():
    assert without_choices("a {red|blue} robot, {soft}") == "a  robot, {soft}"


def test_too_many_readings_are_refused():
    with pytest.raises(DataError, match="stands for 4096 prompts; 1000"):
        readings("{a|b}" * 12)
