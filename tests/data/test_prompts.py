"""The words that a picture is trained with."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.concept import Concept
from dreambooth.data.prompts import (
    class_caption,
    class_captions,
    find_word,
    instance_caption,
    link_token,
    sample_prompt,
    swap_token,
)

DOG = Concept(instance_token="sks", class_token="dog")
WORDS = st.sampled_from(
    ["a", "dog", "Dog", "dogs", "sks", "SKS", "on", "grass", "hot-dog", ",", r"\(blue\)", "\\"]
)
CAPTIONS = st.lists(WORDS, max_size=8).map(" ".join)
TOKENS = st.sampled_from(["sks", "mika (blue archive)", "<s1>", "c++", "a.b", "sks dog", "*", "x[y"])


@pytest.mark.parametrize(
    ("caption", "token", "class_token", "linked"),
    [
        ("a dog on grass", "sks", "dog", "a sks dog on grass"),
        ("a photo of sks dog", "sks", "dog", "a photo of sks dog"),
        ("A Dog on grass", "sks", "dog", "A sks Dog on grass"),
        ("Sks on grass", "sks", "dog", "Sks on grass"),
        ("lying on grass", "sks", "dog", "sks dog, lying on grass"),
        ("", "sks", "dog", "sks dog"),
        ("a dog beside a dog", "sks", "dog", "a sks dog beside a dog"),
        ("two dogs", "sks", "dog", "sks dog, two dogs"),
        ("a hot-dog", "sks", "dog", "sks dog, a hot-dog"),
        ("the dog's bowl", "sks", "dog", "the sks dog's bowl"),
        ("sofa man", "ohwx", "man", "sofa ohwx man"),
        ("a dog on grass", "sks", "", "sks, a dog on grass"),
        ("a dog on grass", "", "dog", "a dog on grass"),
        ("a dog on grass", "sks dog", "dog", "a sks dog on grass"),
        ("on grass", "sks dog", "dog", "sks dog, on grass"),
        ("a girl", "mika (blue archive)", "girl", "a mika (blue archive) girl"),
        ("mika (blue archive), smile", "mika (blue archive)", "girl", "mika (blue archive), smile"),
        (r"mika \(blue archive\), a girl", "mika (blue archive)", "girl", r"mika \(blue archive\), a girl"),
        ("mika (blue archive), a girl", r"mika \(blue archive\)", "girl", "mika (blue archive), a girl"),
        ("a golden  retriever", "sks", "golden retriever", "a sks golden retriever"),
        ("a c++ book", "c++", "book", "a c++ book"),
        (r"a dog \(black\), back\slash", "sks", "dog", r"a sks dog \(black\), back\slash"),
        ("ein Hündchen", "sks", "hündchen", "ein sks Hündchen"),
    ],
)
def test_hybrid_links_the_token_to_the_caption(caption, token, class_token, linked):
    concept = Concept(instance_token=token, class_token=class_token)
    assert instance_caption(concept, caption, "hybrid") == linked


@pytest.mark.parametrize(
    ("prompt", "caption", "filled"),
    [
        ("photo of sks dog", "a dog on grass", "photo of sks dog"),
        ("sks, [filewords]", "a dog on grass", "sks, a dog on grass"),
        ("  [filewords],\n [filewords]", "a dog", "a dog, a dog"),
        (r"[filewords]", r"\1 \(a\) \g<0>", r"\1 \(a\) \g<0>"),
    ],
)
def test_dreambooth_takes_the_prompt_as_written(prompt, caption, filled):
    assert instance_caption(replace(DOG, instance_prompt=prompt), caption, "dreambooth") == filled


def test_finetune_knows_captions_only():
    concept = replace(DOG, instance_prompt="photo of sks, [filewords]")
    assert instance_caption(concept, "a  ball", "finetune") == "a ball"
    assert class_caption(concept, "a  ball", "finetune") == "a ball"


@pytest.mark.parametrize("method", ["dreambooth", "hybrid"])
@pytest.mark.parametrize(
    ("prompt", "caption", "ordinary"),
    [
        ("photo of a dog", "whatever", "photo of a dog"),
        ("[filewords]", "a sks dog on grass", "a dog on grass"),
        ("[filewords]", "a dog on grass", "a dog on grass"),
        ("[filewords]", "lying on grass", "dog, lying on grass"),
        ("[filewords]", "a photo of sks on grass", "a photo of dog on grass"),
        ("[filewords]", "sks, a dog on grass", "a dog on grass"),
        ("[filewords]", "a dog, sks, on grass, sks", "a dog, on grass"),
        ("[filewords]", "", "dog"),
        ("[filewords], photo", "on grass", "dog, on grass, photo"),
        ("photo, [filewords]", "on grass", "photo, dog, on grass"),
        ("photo of a dog, [filewords]", "on grass", "photo of a dog, on grass"),
        ("sks, [filewords]", "a dog", "a dog"),
        ("[filewords]", r"a sks dog \(black\)", r"a dog \(black\)"),
    ],
)
def test_class_prompt_names_the_class_alone(prompt, caption, ordinary, method):
    assert class_caption(replace(DOG, class_prompt=prompt), caption, method) == ordinary


COLOURED = "a {red|blue} dog [filewords]"


def test_class_images_are_made_by_turns_for_each_choice():
    concept = replace(DOG, class_prompt=COLOURED)
    assert class_captions(concept, "on grass", "dreambooth") == ("a red dog on grass", "a blue dog on grass")


@pytest.mark.parametrize(
    ("caption", "trained"),
    [
        ("a red dog on grass", "a red dog on grass"),
        ("a blue dog", "a blue dog"),
        ("on sand", "a dog on sand"),
        ("a green dog on sand", "a dog a green dog on sand"),
    ],
)
def test_picture_of_no_choice_is_trained_without_one(caption, trained):
    assert class_caption(replace(DOG, class_prompt=COLOURED), caption, "dreambooth") == trained


@pytest.mark.parametrize(
    ("prompt", "token", "class_token", "swapped"),
    [
        ("a photo of a sks dog", "sks", "dog", "a photo of a dog"),
        ("a photo of sks", "sks", "dog", "a photo of dog"),
        ("a SKS Dog on grass, sks", "sks", "dog", "a Dog on grass"),
        ("sks, a dog", "sks", "dog", "a dog"),
        ("a photo of a sks dog and another dog", "sks dog", "dog", "a photo of a dog and another dog"),
        ("a sks-dog, a tasks list", "sks", "dog", "a sks-dog, a tasks list"),
        (r"sks \(art\), 1girl", "sks (art)", "girl", "girl, 1girl"),
        ("(sks:1.2) dog", "sks", "dog", "(dog:1.2) dog"),
        ("((sks dog)) on grass", "sks", "dog", "((dog)) on grass"),
        ("a photo of zwx", "sks", "dog", "a photo of zwx"),
        ("a photo of a dog", "", "dog", "a photo of a dog"),
        ("", "sks", "dog", ""),
    ],
)
def test_token_is_swapped_for_the_class(prompt, token, class_token, swapped):
    assert swap_token(prompt, token, class_token) == swapped


@given(CAPTIONS, TOKENS)
def test_swapped_prompt_has_the_class_and_no_token(caption, token):
    swapped = swap_token(link_token(" ".join(caption.split()), token, "dog"), token, "dog")
    assert find_word(swapped, "dog")
    assert not find_word(swapped, token)


def test_sample_shows_its_own_prompt_or_the_instance_prompt():
    own = replace(DOG, save_sample_prompt="sks dog, [filewords], oil painting")
    assert sample_prompt(own, "on grass", "hybrid") == "sks dog, on grass, oil painting"
    assert sample_prompt(DOG, "a dog on grass", "hybrid") == "a sks dog on grass"
    assert sample_prompt(DOG, "a dog on grass", "dreambooth") == "a dog on grass"


@given(CAPTIONS, TOKENS, st.sampled_from(["", "dog", "grass", "thing"]))
def test_linking_again_changes_nothing(caption, token, class_token):
    once = link_token(" ".join(caption.split()), token, class_token)
    assert find_word(once, token)
    assert link_token(once, token, class_token) == once


@given(
    CAPTIONS, TOKENS, st.sampled_from(["[filewords]", "photo, [filewords]", "[filewords], {red|blue|} photo"])
)
def test_class_caption_has_the_class_and_not_the_token_and_stays_so(caption, token, prompt):
    concept = Concept(instance_token=token, class_token="dog", class_prompt=prompt)
    once = class_caption(concept, caption, "hybrid")
    assert find_word(once, "dog")
    assert not find_word(once, token)
    assert class_caption(concept, once, "hybrid") == once


@given(st.text(), TOKENS)
def test_linking_keeps_every_other_character(text, token):
    text = " ".join(text.split())
    assert link_token(text, token, "").removeprefix(token).removeprefix(", ") in (
        text,
        text.removeprefix(token),
    )
