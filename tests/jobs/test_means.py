"""Averages beside the extremes of a long curve."""

import random

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.events import EventWriter
from dreambooth.jobs.means import Means
from dreambooth.jobs.run_story import RunStory
from dreambooth.jobs.sparse_events import SPIKE, read_events_sparsely


def build_means(span: int, last: int) -> Means:
    means = Means()
    for step in range(1, last + 1):
        means.add(step, {"loss": float(step)})
    means.widen(span)
    return means


def heard(means: Means, name: str = "loss", since: int = 0) -> list[tuple[int, float]]:
    told = means.since(since)[name]
    return told["points"] + told["open"]


def test_nothing_is_told_while_a_span_is_one_step():
    assert build_means(1, 10).since(0) == {}


def test_each_span_tells_its_average_at_its_middle():
    assert heard(build_means(4, 11)) == [(2, 2.0), (6, 5.5), (10, 9.5)]


def test_widening_in_two_goes_is_widening_at_once():
    means = build_means(2, 50)
    means.widen(8)
    assert heard(means) == heard(build_means(8, 50))


def test_averages_heard_bit_by_bit_are_those_heard_at_once():
    means, known, cursor = build_means(4, 20), [], 0
    for step in range(21, 100):
        means.add(step, {"loss": float(step)} | ({"validation_loss": 1.0} if step % 10 == 0 else {}))
        known += means.since(cursor)["loss"]["points"]
        cursor = step // 4 * 4
    assert known == means.since(0)["loss"]["points"]


def test_average_of_a_curve_with_few_values_is_closed_with_its_span():
    means = build_means(4, 8)
    means.add(9, {"validation_loss": 3.0})
    assert means.since(0)["validation_loss"] == {"points": [], "open": [(9, 3.0)]}
    means.add(12, {"loss": 1.0})
    assert means.since(8)["validation_loss"] == {"points": [(9, 3.0)], "open": []}


def test_steps_that_are_taken_back_no_longer_count():
    means = build_means(4, 11)
    means.take_back(6)
    for step in range(6, 9):
        means.add(step, {"loss": 100.0})
    assert heard(means) == [(2, 2.0), (6, 100.0), (8, 100.0)]


def test_value_that_is_no_number_does_not_count():
    means = build_means(4, 3)
    means.add(4, {"loss": None})
    means.add(5, {"loss": 7.0})
    assert heard(means)[-1] == (5, 7.0)


@pytest.fixture
def long_run(tmp_path) -> RunFolder:
    run = RunFolder(tmp_path / "20260101-000000-000-train")
    writer, draws = EventWriter(run), random.Random(1)
    for step in range(1, 20_001):
        loss = draws.lognormvariate(0, 1)
        writer.write(
            "step", step=step, num_steps=20_000, lifetime_step=step, loss=loss, grad_norm=1.0, pad="x" * 200
        )
    return run


def test_average_of_a_run_that_is_read_sparsely_is_not_that_of_its_extremes(long_run, tmp_path):
    story = RunStory({"job": "train"}, tmp_path, 0)
    for _, events in read_events_sparsely(long_run.events_file, 0):
        for event in events:
            story.take(event)
    losses = [value for _, value in heard(story.means)]
    extremes = [value for _, value in story.curves.since(0)["loss"]["points"]]
    expected = 1.65  # of this distribution
    assert sum(losses) / len(losses) == pytest.approx(expected, rel=0.1)
    assert sum(extremes) / len(extremes) > 1.5 * expected


def test_extremes_are_marked_and_steps_that_were_picked_are_not(long_run):
    events = [event for _, block in read_events_sparsely(long_run.events_file, 0) for event in block]
    highest = max(events, key=lambda event: event["loss"])
    assert highest[SPIKE]
    assert sum(SPIKE not in event for event in events) > len(events) / 3
