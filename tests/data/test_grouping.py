"""What passes through the model together."""

import random
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.data import DataConfig
from dreambooth.data.grouping import group_by_step, shape_of

SHAPES = st.lists(
    st.tuples(st.sampled_from([64, 72]), st.sampled_from(["", "", "a", "b", "c"]), st.integers(0, 1)),
    min_size=1,
    max_size=40,
)  # side, batch_id and concept of each picture
DATA = st.builds(
    DataConfig,
    batch_size=st.integers(1, 4),
    gradient_accumulation_steps=st.integers(1, 4),
    mix_concepts=st.booleans(),
)


@pytest.fixture(scope="session")
def make_pictures(make_example):
    def make(shapes):
        return [
            make_example(str(number), side=side, batch_id=name, concept=concept)
            for number, (side, name, concept) in enumerate(shapes)
        ]

    return make


def batches_of(step, data):
    """The batches that a step makes of its examples."""
    shapes = dict.fromkeys(shape_of(example, data) for example in step)
    for shape in shapes:
        held = [example for example in step if shape_of(example, data) == shape]
        yield from (held[first : first + data.batch_size] for first in range(0, len(held), data.batch_size))


@given(shapes=SHAPES, data=DATA, seed=st.integers(0, 9))
def test_nothing_is_dropped_or_shown_twice_and_only_the_last_step_is_smaller(
    make_pictures, shapes, data, seed
):
    pictures = make_pictures(shapes)
    steps = group_by_step(pictures, data, random.Random(seed))
    assert Counter(chain.from_iterable(steps)) == Counter(pictures)
    full = data.batch_size * data.gradient_accumulation_steps
    assert {len(step) for step in steps[:-1]} <= {full}
    assert 0 < len(steps[-1]) <= full


@given(shapes=SHAPES, data=DATA, seed=st.integers(0, 9))
def test_a_group_has_as_many_batches_of_its_own_as_its_pictures_fill(make_pictures, shapes, data, seed):
    pictures = make_pictures(shapes)
    own: Counter[str] = Counter()
    for step in group_by_step(pictures, data, random.Random(seed)):
        for batch in batches_of(step, data):
            (name, *others) = {example.options.batch_id for example in batch}
            own[name] += not others and len(batch) == data.batch_size
    kinds = Counter((example.options.batch_id, shape_of(example, data)) for example in pictures)
    for name in "abc":
        held = sum(count // data.batch_size for (each, _), count in kinds.items() if each == name)
        assert own[name] >= held


@given(shapes=SHAPES, data=DATA, seed=st.integers(0, 9))
def test_each_group_fills_whole_steps_first(make_pictures, shapes, data, seed):
    pictures = make_pictures(shapes)
    steps = group_by_step(pictures, data, random.Random(seed))
    kinds = Counter((example.options.batch_id, shape_of(example, data)) for example in pictures)
    for name in "abc":
        held = sum(count // data.batch_size for (each, _), count in kinds.items() if each == name)
        alone = [step for step in steps if {example.options.batch_id for example in step} == {name}]
        assert len(alone) >= held // data.gradient_accumulation_steps


def test_what_fills_no_step_stays_together_where_it_fits(make_pictures):
    data = DataConfig(batch_size=2, gradient_accumulation_steps=4)
    pictures = make_pictures([(64, name, 0) for name in ["a"] * 6 + ["b"] * 4 + ["c"] * 4 + [""] * 10])
    steps = group_by_step(pictures, data, random.Random(0))
    together = {frozenset(example.options.batch_id for example in step) for step in steps}
    assert together == {frozenset({"a", ""}), frozenset({"b", "c"}), frozenset({""})}


def test_concepts_share_a_batch_unless_they_are_kept_apart(make_pictures):
    pictures = make_pictures([(64, "", number % 2) for number in range(40)])

    def num_mixed(**asked):
        data = DataConfig(batch_size=4, **asked)
        steps = group_by_step(pictures, data, random.Random(0))
        batches = [batch for step in steps for batch in batches_of(step, data)]
        return sum(len({example.concept for example in batch}) > 1 for batch in batches)

    assert num_mixed() > 5
    assert num_mixed(mix_concepts=False) == 0


def test_groups_differ_from_epoch_to_epoch(make_pictures):
    pictures = make_pictures([(64, "a", 0)] * 12)
    data = DataConfig(batch_size=3)
    assert group_by_step(pictures, data, random.Random(0)) != group_by_step(pictures, data, random.Random(1))
