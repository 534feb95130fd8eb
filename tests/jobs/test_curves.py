"""Curves that fit a screen, and what is told of them."""

import random
from pathlib import Path

import pytest

from dreambooth.jobs.curves import MOST_POINTS, Curves
from dreambooth.jobs.run_story import RunStory


def add_steps(curves: Curves, first: int, last: int, name="loss", value=1.0) -> None:
    for step in range(first, last + 1):
        curves.add(step, {name: value})


def heard(curves: Curves, name="loss", since=0) -> list:
    told = curves.since(since)[name]
    return told["points"] + told["open"]


def test_short_curve_is_told_point_by_point():
    curves = Curves(0)
    add_steps(curves, 1, 3)
    assert heard(curves) == [(1, 1.0), (2, 1.0), (3, 1.0)]
    assert curves.generation == 0


def test_only_what_is_new_is_told_after_the_cursor():
    curves = Curves(0)
    add_steps(curves, 1, 5)
    cursor, known = curves.closed_to, curves.since(0)["loss"]["points"]
    add_steps(curves, 6, 8)
    told = curves.since(cursor)["loss"]
    assert known + told["points"] + told["open"] == [(step, 1.0) for step in range(1, 9)]
    assert told["points"][0] == (5, 1.0)


def test_long_curve_is_thinned_and_its_spikes_stay():
    curves = Curves(0)
    for step in range(1, 20_001):
        curves.add(step, {"loss": {7_777: 50.0, 12_345: -3.0}.get(step, random.random())})
    points = heard(curves)
    assert len(points) <= MOST_POINTS + 4
    assert {(7_777, 50.0), (12_345, -3.0), points[-1]} <= set(points)
    assert points[-1][0] == 20_000
    assert points == sorted(points)
    assert curves.generation > 0


def test_points_heard_bit_by_bit_are_those_heard_at_once():
    curves, known, cursor, generation = Curves(0), [], 0, 0
    for step in range(1, 6_000):
        curves.add(step, {"loss": random.random()})
        if step % 7 == 0 or step == 5_999:
            if curves.generation != generation:
                known, cursor, generation = [], 0, curves.generation
            known += curves.since(cursor)["loss"]["points"]
            cursor = curves.closed_to
    assert known == curves.since(0)["loss"]["points"]


def test_value_that_is_not_a_number_stays_visible():
    curves = Curves(0)
    for step in range(1, 10_001):
        curves.add(step, {"loss": None if step == 5_000 else 1.0})
    assert (5_000, None) in heard(curves)


def test_later_word_about_a_step_counts():
    curves = Curves(4)
    add_steps(curves, 1, 10, value=1.0)
    add_steps(curves, 6, 7, value=2.0)
    assert heard(curves) == [(step, 1.0) for step in range(1, 6)] + [(6, 2.0), (7, 2.0)]
    assert curves.generation == 5


def test_taking_back_nothing_changes_nothing():
    curves = Curves(0)
    add_steps(curves, 1, 10)
    curves.take_back(11)
    assert curves.generation == 0
    assert len(heard(curves)) == 10


def test_curves_that_begin_later_are_told_with_the_others():
    curves = Curves(0)
    add_steps(curves, 1, 5)
    curves.add(6, {"loss": 1.0, "lr.unet": 0.5})
    assert curves.since(curves.closed_to)["lr.unet"] == {"points": [], "open": [(6, 0.5)]}


def test_more_values_at_the_last_step_take_nothing_back():
    curves = Curves(0)
    add_steps(curves, 1, 3)
    curves.add_more(3, {"validation_loss": 0.5})
    add_steps(curves, 4, 5)
    curves.add_more(5, {"validation_loss": 0.7})
    curves.add_more(5, {"validation_loss": 0.4})
    assert heard(curves) == [(step, 1.0) for step in range(1, 6)]
    assert heard(curves, "validation_loss") == [(3, 0.5), (5, 0.4)]
    assert curves.generation == 0


def test_validation_is_a_curve_of_its_own_that_a_resumed_run_tells_again():
    story = RunStory({"job": "train", "lifetime_before": {"steps": 10}}, Path("model"), 0)

    def tell(kind, step, **values):
        told = {"event": kind, "time": 1.0, "step": step, "lifetime_step": 10 + step, "num_steps": 4}
        story.take({**told, **values})

    def validate(step, loss):
        tell("validation", step, loss=loss, sets={"held_out": loss, "folder": loss + 1}, train_loss=0.1)

    tell("start", 0)
    validate(0, 0.9)
    for step in (1, 2):
        tell("step", step, loss=1.0, lr={})
        validate(step, 0.8 - 0.1 * step)
    tell("start", 1)
    tell("step", 2, loss=1.0, lr={})
    validate(2, 0.5)
    assert heard(story.curves, "validation_loss") == [(10, 0.9), (11, pytest.approx(0.7)), (12, 0.5)]
    assert heard(story.curves, "validation_folder")[-1] == (12, 1.5)
    assert heard(story.curves, "validation_trained") == [(10, 0.1), (11, 0.1), (12, 0.1)]
    assert heard(story.curves) == [(11, 1.0), (12, 1.0)]
