"""When something is due."""

import pytest

from dreambooth.training.due import Moment, Stopwatch, is_due


@pytest.mark.parametrize(
    ("steps", "epochs", "due"),
    [
        (0, 0, []),
        (4, 0, [4, 8]),
        (0, 1, [3, 6, 9]),
        (0, 2, [6]),
        (5, 2, [5, 6]),
    ],
)
def test_intervals_end_with_their_last_step(steps, epochs, due):
    moments = [Moment(step=step, steps_per_epoch=3) for step in range(1, 10)]
    assert [now.step for now in moments if is_due(steps, epochs, now)] == due


def test_earlier_trainings_may_count():
    moments = [Moment(step=step, steps_per_epoch=3, steps_before=7, epochs_before=1) for step in range(1, 10)]
    assert [now.step for now in moments if is_due(5, 0, now)] == [3, 8]
    assert [now.step for now in moments if is_due(0, 2, now)] == [3, 9]


def test_stopwatch_tells_minutes_and_begins_anew():
    now = [100.0]
    watch = Stopwatch(lambda: now[0])
    now[0] += 119
    assert not watch.has_passed(2)
    now[0] += 1
    assert watch.has_passed(2)
    assert not watch.has_passed(0)
    watch.restart()
    assert not watch.has_passed(2)
