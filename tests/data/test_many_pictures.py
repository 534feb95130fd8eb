"""Work on many pictures grows with their number and no faster, and is done when it is needed."""

import sys
from fractions import Fraction
from itertools import islice

import pytest

from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import iterate_steps, steps_per_epoch
from dreambooth.data.examples import Dataset
from dreambooth.data.holding_out import hold_out

NUM_PICTURES, NUM_CONCEPTS = 2000, 20
CONFIG = TrainConfig(
    concepts=(Concept(),) * NUM_CONCEPTS,
    data=DataConfig(batch_size=4, gradient_accumulation_steps=2),
    captions=CaptionsConfig(shuffle_tags=True),
)


def calls_of(work) -> int:
    """How many functions a piece of work calls, Python's own included."""
    num_calls = 0

    def count(_frame, event, _argument) -> None:
        nonlocal num_calls
        num_calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return num_calls


@pytest.fixture(scope="session")
def make_many(make_example):
    def make(count) -> Dataset:
        pictures = [
            make_example(
                str(number),
                side=(64, 72)[number % 2],
                concept=number % NUM_CONCEPTS,
                batch_id="abc"[number % 3] if number % 5 == 0 else "",
                multiply=Fraction(1, 3) if number % 7 == 0 else None,
                quota=str(number % 4),
            )
            for number in range(count)
        ]
        classes = [
            make_example(f"c{number}", concept=number % NUM_CONCEPTS, is_class=True)
            for number in range(count // 2)
        ]
        return Dataset(tuple(pictures), tuple(classes), (), ())

    return make


@pytest.fixture(scope="session")
def many(make_many) -> Dataset:
    return make_many(NUM_PICTURES)


def test_an_epoch_begins_with_work_in_proportion_to_its_pictures(make_many, many):
    def begin(dataset, epoch) -> int:
        return calls_of(
            lambda: next(iterate_steps(dataset, CONFIG, epoch * steps_per_epoch(dataset, CONFIG)))
        )

    first, twice = begin(many, 0), begin(make_many(2 * NUM_PICTURES), 0)
    assert first < 60 * NUM_PICTURES
    assert twice < 2.3 * first
    assert begin(many, 100) < 1.2 * first  # not the epochs before it


def test_steps_are_built_one_by_one(many):
    steps = iterate_steps(many, CONFIG, 0)
    beginning = calls_of(lambda: next(steps))
    one_more = calls_of(lambda: next(steps))
    assert one_more < beginning / 20
    hundred = calls_of(lambda: list(islice(steps, 100)))
    assert hundred < 150 * one_more


def test_holding_out_needs_work_in_proportion_too():
    def work(count) -> int:
        pictures = [(number % 3, f"{number}") for number in range(count)]
        return calls_of(lambda: hold_out(pictures, 0.15, seed=0))

    assert work(2 * NUM_PICTURES) < 2.3 * work(NUM_PICTURES)
