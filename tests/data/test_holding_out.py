"""Which pictures are measured and not trained."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.validation import ValidationConfig
from dreambooth.data.errors import DataError
from dreambooth.data.examples import build_examples
from dreambooth.data.holding_out import fixed_sample, hold_out
from dreambooth.data.picture_options import PLAIN

PICTURES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30).map(str)), min_size=1, max_size=40)
FRACTIONS = st.integers(1, 90).map(lambda hundredths: hundredths / 100)


def numbered(count, concept=0):
    return [(concept, f"picture {number}") for number in range(count)]


@pytest.mark.parametrize(
    ("count", "fraction", "held"), [(100, 0.15, 15), (20, 0.1, 2), (5, 0.1, 1), (10, 0.25, 3), (2, 0.9, 1)]
)
def test_the_fraction_is_held_out_and_at_least_one(count, fraction, held):
    assert len(hold_out(numbered(count), fraction, seed=0)) == held


def test_the_last_picture_of_a_concept_is_trained():
    assert hold_out(numbered(1), 0.5, seed=0) == frozenset()
    for seed in range(20):
        (held,) = hold_out([*numbered(1), *numbered(2, concept=1)], 0.9, seed)
        assert held > 0


@given(pictures=PICTURES, fraction=FRACTIONS, seed=st.integers(0, 9))
def test_no_concept_is_left_without_pictures_and_no_picture_without_its_copies(pictures, fraction, seed):
    held = hold_out(pictures, fraction, seed)
    trained = [picture for index, picture in enumerate(pictures) if index not in held]
    assert {concept for concept, _ in trained} == {concept for concept, _ in pictures}
    assert {pictures[index][1] for index in held}.isdisjoint(content for _, content in trained)


def test_pictures_that_come_later_move_none_of_the_others():
    before = hold_out(numbered(100), 0.2, seed=3)
    after = hold_out(numbered(105), 0.2, seed=3)
    assert len(before - after) <= 1 + sum(index >= 100 for index in after)


def test_the_seed_decides():
    assert hold_out(numbered(50), 0.2, seed=0) == hold_out(numbered(50), 0.2, seed=0)
    assert hold_out(numbered(50), 0.2, seed=0) != hold_out(numbered(50), 0.2, seed=1)


def test_a_sample_is_always_the_same_and_in_order():
    names = [f"{number:03}" for number in range(40)]
    sample = fixed_sample(names, str, 10, seed=0)
    assert sample == fixed_sample(names, str, 10, seed=0) == tuple(sorted(sample))
    assert set(sample) <= set(fixed_sample(names, str, 11, seed=0))
    assert fixed_sample(names[:3], str, 10, seed=0) == ("000", "001", "002")


@pytest.fixture
def config(tmp_path, save_picture):
    for number in range(10):
        save_picture(f"dog/{number}.png", colour=(number * 20, 90, 30), caption="a, b")
    return TrainConfig(
        concepts=(Concept(instance_data_dir=str(tmp_path / "dog"), repeats=3),),
        validation=ValidationConfig(fraction=0.2),
    )


def test_what_is_held_out_is_plain_and_not_trained(config, tmp_path):
    dataset = build_examples(config, [tmp_path / "none"])
    assert (len(dataset.instances), len(dataset.held_out)) == (8, 2)
    assert {example.image for example in dataset.held_out}.isdisjoint(e.image for e in dataset.instances)
    assert {(e.repeats, e.loss_weight, e.options, e.prompt) for e in dataset.held_out} == {
        (1, 1.0, PLAIN, "a, b")
    }


def test_a_folder_is_described_as_the_first_concept(config, tmp_path, save_picture):
    save_picture("other/x.png", caption="in snow")
    concepts = (replace(config.concepts[0], instance_prompt="sks, [filewords]"),)
    validation = ValidationConfig(data_dir=str(tmp_path / "other"))
    dataset = build_examples(replace(config, concepts=concepts, validation=validation), [tmp_path / "none"])
    assert (len(dataset.instances), dataset.held_out) == (10, ())
    assert [example.prompt for example in dataset.validation] == ["sks, in snow"]


def test_nothing_to_spare_is_refused(config, tmp_path, save_picture):
    save_picture("one/x.png")
    concepts = (Concept(instance_data_dir=str(tmp_path / "one")),)
    with pytest.raises(DataError, match=r"validation\.fraction"):
        build_examples(replace(config, concepts=concepts), [tmp_path / "none"])


def test_all_pictures_are_trained_by_default(config, tmp_path):
    dataset = build_examples(replace(config, validation=ValidationConfig()), [tmp_path / "none"])
    assert (len(dataset.instances), dataset.held_out, dataset.validation) == (10, (), ())
    assert Counter(example.repeats for example in dataset.instances) == {3: 10}
