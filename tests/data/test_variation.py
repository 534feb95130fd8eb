"""The words of one showing."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.picture_options import PLAIN, PictureOptions
from dreambooth.data.variation import (
    Chances,
    choose_wildcards,
    plain_words,
    varies,
    vary_instance_prompt,
    vary_tags,
)

SHUFFLED = {"shuffle_tags": True}
TAGS = st.lists(st.sampled_from(["red", "a ball", r"\(x\)", "red", "grass"]), min_size=1, max_size=8)


def chances(seed=0) -> Chances:
    return Chances(f"{seed}", random.Random(f"{seed} order"))


def vary(caption, seed=0, options=PLAIN, **asked) -> str:
    """A caption as a picture of a finetune is shown with it."""
    config = TrainConfig(method="finetune", concepts=(Concept(),), captions=CaptionsConfig(**asked))
    return vary_instance_prompt(config, config.concepts[0], caption, options, chances(seed))


def seen(caption, options=PLAIN, **asked) -> set[str]:
    """All that fifty showings make of it."""
    return {vary(caption, seed, options, **asked) for seed in range(50)}


# caption, settings → all that may be seen of it
TABLE = [
    ("a, b, c", {}, {"a, b, c"}),
    ("a,b ,, c", {}, {"a,b ,, c"}),
    ("a, b, c", SHUFFLED, {"a, b, c", "a, c, b"}),
    ("a,b ,, c", SHUFFLED, {"a, b, c", "a, c, b"}),
    ("a, b, c", {**SHUFFLED, "keep_tags": 2}, {"a, b, c"}),
    ("a, b", {**SHUFFLED, "keep_tags": 0}, {"a, b", "b, a"}),
    ("a, b ||| c, d", {**SHUFFLED, "keep_tags_separator": "|||"}, {"a, b, c, d", "a, b, d, c"}),
    ("a ||| c, d ||| e", {**SHUFFLED, "keep_tags_separator": "|||"}, {"a, c, d, e", "a, d, c, e"}),
    ("||| c ||| e, f", {**SHUFFLED, "keep_tags_separator": "|||"}, {"c, e, f"}),
    ("a, b ||| c", {"keep_tags_separator": "|||"}, {"a, b, c"}),
    ("a, b, c", {**SHUFFLED, "keep_tags_separator": "|||"}, {"a, b, c", "a, c, b"}),
    ("a; b, c; d", {**SHUFFLED, "tag_separator": ";"}, {"a; b, c; d", "a; d; b, c"}),
    ("a, b;;;c, d", {**SHUFFLED, "secondary_separator": ";;;"}, {"a, b, c, d", "a, d, b, c"}),
    ("b;;;c", {"secondary_separator": ";;;"}, {"b, c"}),
    ("a, b, c", {"tag_dropout_probability": 1.0}, {"a"}),
    ("a, b, c", {"tag_dropout_probability": 1.0, "keep_tags": 0}, {""}),
    ("a, b, c", {"tag_dropout_probability": 0.5}, {"a", "a, b", "a, c", "a, b, c"}),
    ("a ||| b ||| c", {"tag_dropout_probability": 1.0, "keep_tags_separator": "|||"}, {"a, c"}),
    ("a {red|blue} ball", {"wildcards": True}, {"a red ball", "a blue ball"}),
    ("a {red|blue} ball", {}, {"a {red|blue} ball"}),
    ("a ball", {"prefix": "sks,", "suffix": "oil paint"}, {"sks, a ball oil paint"}),
    ("a, b", {"prefix": "x,", "tag_dropout_probability": 1.0, "keep_tags": 0}, {"x,"}),
]


@pytest.mark.parametrize(("caption", "asked", "expected"), TABLE)
def test_table(caption, asked, expected):
    assert seen(caption, **asked) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a|b}", {"a", "b"}),
        ("{a|}x", {"ax", "x"}),
        ("{a|{b|c} }", {"a", "b", "c"}),
        ("{{a|b}}", {"{a|b}"}),
        ("{no choice}", {"{no choice}"}),
        ("{a|b} {c|d}", {"a c", "a d", "b c", "b d"}),
    ],
)
def test_wildcards(text, expected):
    assert {choose_wildcards(text, random.Random(seed)) for seed in range(50)} == expected


def test_of_a_caption_with_lines_one_is_drawn():
    options = PictureOptions(caption_lines=("a dog", "a {big|small} dog"))
    lines = {"a dog", "a big dog", "a small dog"}
    assert seen("a dog a {big|small} dog", options, wildcards=True) == lines
    assert seen("a dog a {big|small} dog", options) == {"a dog a {big|small} dog"}
    asking = PictureOptions(caption_lines=options.caption_lines, wildcards=True)
    assert seen("a dog a {big|small} dog", asking) == lines


def test_without_chances_the_first_line_and_choice_count_and_tags_stay():
    captions = CaptionsConfig(
        prefix="sks,", wildcards=True, shuffle_tags=True, tag_dropout_probability=0.9, keep_tags_separator="|"
    )
    options = PictureOptions(caption_lines=("{red|blue} | b, c", "other"))
    assert plain_words("all", captions, options) == "sks, red, b, c"


def test_the_token_and_the_words_of_the_prompt_stay_where_they_are():
    concept = Concept(
        instance_prompt="photo, {x|y}, [filewords], end", instance_token="sks", class_token="dog"
    )
    captions = CaptionsConfig(shuffle_tags=True, tag_dropout_probability=0.5, keep_tags=0, wildcards=True)
    config = TrainConfig(method="hybrid", concepts=(concept,), captions=captions)
    for seed in range(50):
        prompt = vary_instance_prompt(config, concept, "a dog, grass, sky", PLAIN, chances(seed))
        assert "sks dog" in prompt
        assert prompt.removeprefix("sks dog, ").startswith("photo, {x|y}, ")
        assert prompt.endswith(", end")


def test_a_preserving_picture_has_its_own_words_alone():
    concept = Concept(instance_prompt="a photo of sks dog, [filewords]")
    config = TrainConfig(concepts=(concept,), captions=CaptionsConfig(prefix="x"))
    options = PictureOptions(is_preservation=True)
    assert vary_instance_prompt(config, concept, "a cat", options, None) == "a cat"


def test_what_is_said_of_a_picture_goes_before_the_settings():
    assert seen("a, b, c", PictureOptions(shuffle_tags=True)) == {"a, b, c", "a, c, b"}
    assert seen("a, b, c", PictureOptions(keep_tags=2), **SHUFFLED) == {"a, b, c"}
    assert seen("a, b", PictureOptions(tag_dropout=0.0), tag_dropout_probability=1.0) == {"a, b"}
    assert seen("a, b", PictureOptions(tag_dropout=1.0)) == {"a"}


def test_nothing_varies_unless_it_is_asked_for():
    assert not varies(CaptionsConfig(), PLAIN)
    assert varies(CaptionsConfig(), PictureOptions(shuffle_tags=True))
    for name, value in [("shuffle_tags", True), ("wildcards", True), ("tag_dropout_probability", 0.1)]:
        assert varies(CaptionsConfig(**{name: value}), PLAIN)


@given(TAGS, st.integers(0, 3), st.integers())
def test_shuffled_tags_are_the_same_tags_and_the_kept_ones_stay(tags, num_kept, seed):
    shuffled = vary(", ".join(tags), seed, shuffle_tags=True, keep_tags=num_kept).split(", ")
    assert shuffled[:num_kept] == tags[:num_kept]
    assert sorted(shuffled) == sorted(tags)


@given(TAGS, st.integers(0, 40), st.booleans(), st.integers())
def test_the_length_is_never_exceeded_but_by_kept_tags(tags, limit, shuffles, seed):
    weights = tuple((tag, 1.0 + number) for number, tag in enumerate(tags))
    options = PictureOptions(max_caption_length=limit, shuffle_tags=shuffles, tag_weights=weights)
    told = vary(", ".join(tags), seed, options)
    assert told.startswith(tags[0])
    assert len(told) <= max(limit, len(tags[0]))
    assert set(told.split(", ")) <= set(tags)


def test_a_caption_is_as_long_as_its_limit_allows():
    assert vary("aa, bb, cc", options=PictureOptions(max_caption_length=6)) == "aa, bb"
    assert vary("aa, bb, cc", options=PictureOptions(max_caption_length=5)) == "aa"


def test_heavy_tags_are_drawn_first_as_often_as_their_share_of_the_weights():
    captions, options = (
        CaptionsConfig(keep_tags=0),
        PictureOptions(shuffle_tags=True, tag_weights=(("a", 6.0), ("b", 3.0), ("never", 0.0))),
    )
    firsts = Counter(
        vary_tags("a, b, c, never", captions, options, chances(seed)).partition(",")[0]
        for seed in range(2000)
    )
    assert firsts["a"] == pytest.approx(1200, abs=90)  # of 6 + 3 + 1, within four deviations
    assert firsts["b"] == pytest.approx(600, abs=82)
    assert "never" not in firsts
