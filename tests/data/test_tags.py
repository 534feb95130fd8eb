"""Captions changed by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.data.tags import Edit, apply_edit, count_tags, split_tags


@pytest.mark.parametrize(
    ("caption", "edit", "changed"),
    [
        ("a dog", Edit(kind="prefix", text="sks "), "sks a dog"),
        ("a dog", Edit(kind="suffix", text=", in snow"), "a dog, in snow"),
        ("a dog by a dog", Edit(kind="replace", text="a dog", by="sks"), "sks by sks"),
        ("a  dog", Edit(kind="replace", text="cat", by="sks"), "a dog"),
        ("dog, grass", Edit(kind="add_tag", text="sks"), "dog, grass, sks"),
        ("dog, grass", Edit(kind="add_tag", text="sks, snow", in_front=True), "sks, snow, dog, grass"),
        ("dog, Grass", Edit(kind="add_tag", text="grass"), "dog, Grass"),
        ("", Edit(kind="add_tag", text="grass"), "grass"),
        ("dog, Grass, snow", Edit(kind="remove_tag", text="grass"), "dog, snow"),
        ("dog, grassland", Edit(kind="remove_tag", text="grass"), "dog, grassland"),
        ("dog, grass, Dog, , grass", Edit(kind="dedupe_tags"), "dog, grass"),
    ],
)
def test_caption_is_changed_by_rule(caption, edit, changed):
    assert apply_edit(caption, edit) == changed


@pytest.mark.parametrize("kind", ["add_tag", "remove_tag", "dedupe_tags"])
@given(caption=st.text("ab,A ", max_size=20))
def test_rules_for_tags_change_nothing_the_second_time(kind, caption):
    once = apply_edit(caption, Edit(kind=kind, text="a"))
    assert apply_edit(once, Edit(kind=kind, text="a")) == once


def test_caption_that_has_nothing_to_change_stays_letter_for_letter():
    assert apply_edit("dog ,grass", Edit(kind="remove_tag", text="snow")) == "dog ,grass"


def test_tags_are_parts_between_commas():
    assert split_tags(" a  dog,, in snow , ") == ["a dog", "in snow"]


def test_tags_are_counted_once_a_caption_the_commonest_first():
    assert count_tags(["dog, snow, dog", "dog, grass"]) == [("dog", 2), ("grass", 1), ("snow", 1)]
