"""Captions that several files make together."""

import pytest

from dreambooth.data.roots.said import Said, Tag, merge_words, say_text, with_ends
from dreambooth.data.roots.told_values import say_values


def merged(*said, otherwise="the name") -> str:
    return merge_words(said, otherwise).text


def test_single_text_stays_as_it_is_written():
    assert merged(say_text("a cat,  on grass,,")) == "a cat, on grass,,"


def test_lines_of_a_single_text_are_kept_beside_it():
    both = merge_words([say_text("a cat\n\n  a black cat\r\n")], "")
    assert (both.text, both.lines) == ("a cat a black cat", ("a cat", "a black cat"))
    assert merge_words([say_text("a cat\n")], "").lines == ()


def test_nearest_prompt_comes_before_all_tags_each_once():
    assert merged(say_text("a cat, grass"), say_text("an animal, indoors, grass")) == "a cat, grass, indoors"


def test_heavier_tags_stand_in_front():
    said = Said(prompt="a cat", tags=(Tag("grass"), Tag("night", 2), Tag("red", 0.5)))
    both = merge_words([said], "")
    assert both.text == "a cat, night, grass, red"
    assert both.tag_weights == (("night", 2), ("red", 0.5))


def test_name_gives_the_prompt_that_nobody_says():
    assert merged() == "the name"
    assert merged(say_text("   ")) == "the name"
    assert merged(say_text(", old, blue"), otherwise="ship, sea") == "ship, sea, old, blue"
    assert merged(Said(tags=(Tag("old"),)), otherwise="") == "old"


def test_prefix_and_suffix_go_around_every_line():
    both = with_ends(merge_words([say_text("one\ntwo")], ""), "photo of", "")
    assert (both.text, both.lines) == ("photo of one two", ("photo of one", "photo of two"))


@pytest.mark.parametrize(
    ("values", "caption"),
    [
        ({"main_prompt": "a cat", "tags": ["grass", {"tag": "night", "weight": 2}]}, "a cat, night, grass"),
        ({"main_prompt": ["a cat", "a dog"]}, "a cat"),
        ({"caption": "a cat, in  snow"}, "a cat, in snow"),
        ({"caption": {"main_prompt": "a cat"}, "main_prompt": "a dog"}, "a cat"),
        ({"tags": ["old"]}, "the name, old"),
        ({"tags": None, "main_prompt": 1984}, "1984"),
        ({"tags": [{"tag": 12.5}, {"tag": ""}, {}], "main_prompt": "a"}, "a, 12.5"),
    ],
)
def test_objects_say_prompts_and_tags(values, caption):
    assert merged(say_values(values)) == caption


def test_options_are_read_and_what_is_not_understood_is_told():
    said = say_values({"multiply": 0.025, "cond_dropout": "0,1", "rating": 3, "colour": 1, "flip_p": 2})
    assert said.options == {"multiply": pytest.approx(1 / 40)}
    assert said.options["multiply"].denominator == 40
    told = " | ".join(said.faults)
    assert "cond_dropout: '0,1' is not a number; write it with a point" in told
    assert "rating is not used" in told
    assert "colour has no meaning here" in told
    assert "flip_p: 2 is not between 0 and 1" in told


def test_shuffling_is_asked_for_and_never_forbidden():
    assert say_values({"shuffle_tags": False}).options == {}
    assert say_values({"shuffle_tags": True}).options == {"shuffle_tags": True}
