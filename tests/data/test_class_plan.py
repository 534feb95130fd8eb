"""Class images: what is there and what is missing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.class_plan import fair_shares, plan_class_images


@pytest.fixture
def config(tmp_path, save_picture):
    """Two captioned instance images, three class images for each."""
    save_picture("dog/1.png", caption="a sks dog on grass")
    save_picture("dog/2.png", caption="in snow")
    concept = Concept(
        instance_data_dir=str(tmp_path / "dog"),
        instance_token="sks",
        class_token="dog",
        num_class_images_per=3,
    )
    return TrainConfig(concepts=(concept,), method="hybrid")


def plan(config, folder):
    (only,) = plan_class_images(config, [folder])
    return only


def test_nothing_there_means_all_is_missing_with_fair_shares(config, tmp_path):
    planned = plan(config, tmp_path / "classifiers_0")
    assert (planned.have, planned.need) == (0, 6)
    assert planned.missing == ("a dog on grass", "dog, in snow") * 3


def test_any_pictures_count_whatever_their_size_and_caption(config, tmp_path, save_picture):
    for number in range(6):
        save_picture(f"classifiers_0/{number}.png", size=(20 + 9 * number, 30), caption="a cat")
    assert plan(config, tmp_path / "classifiers_0").missing == ()


def test_own_pictures_count_and_generated_ones_on_top(config, tmp_path, save_picture):
    save_picture("own/1.png")
    save_picture("classifiers_0/1.png")
    own = replace(config.concepts[0], class_data_dir=str(tmp_path / "own"))
    planned = plan(replace(config, concepts=(own,)), tmp_path / "classifiers_0")
    assert (planned.have, len(planned.missing)) == (2, 4)


@pytest.mark.parametrize("num_made", range(7))
def test_interrupted_generation_goes_on_where_it_stopped(config, tmp_path, save_picture, num_made):
    missing = plan(config, tmp_path / "classifiers_0").missing
    for number, prompt in enumerate(missing[:num_made]):
        save_picture(f"classifiers_0/{number}.png", caption=prompt)
    assert plan(config, tmp_path / "classifiers_0").missing == missing[num_made:]


def test_literal_prompt_is_repeated(config, tmp_path):
    literal = replace(config.concepts[0], class_prompt="photo of a dog")
    planned = plan(replace(config, concepts=(literal,)), tmp_path / "classifiers_0")
    assert planned.missing == ("photo of a dog",) * 6


def test_choices_of_a_class_prompt_have_equal_shares(config, tmp_path):
    chosen = replace(config.concepts[0], class_prompt="photo of a {red|blue} dog")
    planned = plan(replace(config, concepts=(chosen,)), tmp_path / "classifiers_0")
    assert planned.missing == ("photo of a red dog", "photo of a blue dog") * 3


def test_damaged_class_image_does_not_count(config, tmp_path, save_picture):
    save_picture("classifiers_0/1.png")
    (tmp_path / "classifiers_0" / "2.png").touch()
    assert plan(config, tmp_path / "classifiers_0").have == 1


def test_none_are_needed_when_finetuning_or_not_asked_for(config, tmp_path):
    unasked = replace(config.concepts[0], num_class_images_per=0)
    assert plan(replace(config, concepts=(unasked,)), tmp_path / "classifiers_0").need == 0
    assert plan(replace(config, method="finetune"), tmp_path / "classifiers_0").need == 0


@given(st.lists(st.sampled_from("abcd"), min_size=1), st.lists(st.sampled_from("abcxyz")), st.integers(1, 9))
def test_no_prompt_gets_more_than_its_share(owed, made, num_each):
    num_missing = max(len(owed) * num_each - len(made), 0)
    chosen = fair_shares(owed, made, num_each, num_missing)
    assert len(chosen) == num_missing
    for prompt in chosen:
        assert (chosen + tuple(made)).count(prompt) <= num_each * owed.count(prompt)
