"""Which pictures an epoch shows: multipliers are kept exactly."""

from collections import Counter
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.data.quotas import count_shown, shown_in_epoch

MULTIPLIERS = st.one_of(st.none(), st.integers(0, 300).map(lambda hundredths: Fraction(hundredths, 100)))
FOLDERS = st.lists(
    st.tuples(MULTIPLIERS, st.integers(1, 40), st.integers(1, 2), st.integers(0, 1)), min_size=1, max_size=5
)  # multiplier, pictures, repeats and concept of each folder
SEEDS, EPOCHS = st.integers(0, 99), st.integers(0, 5)


@pytest.fixture(scope="session")
def make_folder(make_example):
    def make(name, count, multiply, repeats=1, concept=0):
        return [
            make_example(f"{name}/{number}", multiply=multiply, quota=name, repeats=repeats, concept=concept)
            for number in range(count)
        ]

    return make


def rounded(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


@pytest.mark.parametrize(
    ("count", "multiply", "shown"),
    [
        (1000, "0.025", 25),
        (1000, "0.05", 50),
        (1000, "0.1", 100),
        (100, "0.8", 80),
        (10, "1.2", 12),
        (100, "2.5", 250),
        (10, "0.1", 1),
        (3, "0.5", 2),  # halves up
        (10, "0", 0),
        (7, None, 7),
    ],
)
def test_a_folder_has_exactly_its_share_of_every_epoch(make_folder, count, multiply, shown):
    folder = make_folder("a", count, multiply and Fraction(multiply))
    assert count_shown(folder) == shown
    for epoch in range(3):
        assert len(shown_in_epoch(folder, seed=1, epoch=epoch)) == shown


@given(folders=FOLDERS, seed=SEEDS, epoch=EPOCHS)
def test_each_picture_has_the_whole_part_and_each_folder_its_fraction(make_folder, folders, seed, epoch):
    held = [
        make_folder(str(number), count, multiply, repeats, concept)
        for number, (multiply, count, repeats, concept) in enumerate(folders)
    ]
    shown = shown_in_epoch([example for folder in held for example in folder], seed, epoch)
    counts = Counter(shown)
    for folder, (multiply, count, repeats, _) in zip(held, folders, strict=True):
        each = repeats * (1 if multiply is None else multiply)
        assert {counts[example] - floor(each) for example in folder} <= {0, 1}
        assert sum(counts[example] for example in folder) == floor(each) * count + rounded(each % 1 * count)


@given(folders=FOLDERS, seed=SEEDS, epoch=EPOCHS)
def test_every_epoch_is_as_long_as_the_others_and_can_be_told_again(make_folder, folders, seed, epoch):
    held = [
        example
        for number, (multiply, count, repeats, concept) in enumerate(folders)
        for example in make_folder(str(number), count, multiply, repeats, concept)
    ]
    shown = shown_in_epoch(held, seed, epoch)
    assert len(shown) == count_shown(held)
    assert shown == shown_in_epoch(held, seed, epoch)


def test_other_pictures_are_drawn_in_another_epoch_and_by_another_seed(make_folder):
    folder = make_folder("a", 1000, Fraction("0.025"))
    draws = [set(shown_in_epoch(folder, seed, epoch)) for seed, epoch in [(0, 0), (0, 1), (1, 0)]]
    assert len(set.union(*draws)) > 60  # of 75


def test_folders_draw_by_themselves(make_folder):
    first, second = (make_folder(name, 100, Fraction("0.5")) for name in "ab")
    shown = shown_in_epoch([*first, *second], 0, 0)
    assert shown[:50] == shown_in_epoch(first, 0, 0)
    assert [first.index(each) for each in shown[:50]] != [second.index(each) for each in shown[50:]]


def test_folder_of_another_name_draws_the_same(make_folder):
    first, moved = (make_folder(name, 100, Fraction("0.5")) for name in "ab")
    places = [first.index(example) for example in shown_in_epoch(first, 0, 0)]
    assert places == [moved.index(example) for example in shown_in_epoch(moved, 0, 0)]


def test_all_pictures_are_drawn_about_as_often_over_many_epochs(make_folder):
    folder = make_folder("a", 40, Fraction("0.25"))
    counts = Counter(example for epoch in range(400) for example in shown_in_epoch(folder, 0, epoch))
    assert all(65 < counts[example] < 135 for example in folder)  # 100 each, within four deviations


def test_a_picture_with_a_multiplier_of_its_own_is_no_part_of_its_folders_quota(make_folder, make_example):
    folder = make_folder("a", 10, Fraction("0.5"))
    always = make_example("b", multiply=Fraction(1), quota="a")
    for epoch in range(5):
        shown = shown_in_epoch([*folder, always], 0, epoch)
        assert (len(shown), shown.count(always)) == (6, 1)
