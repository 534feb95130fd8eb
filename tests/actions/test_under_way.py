"""Work that takes longer than a page waits goes on, once, and is had by asking again."""

import threading

import pytest

from dreambooth.actions.under_way import Background, NotYet


def test_quick_work_is_done_at_once():
    assert Background().result("a", lambda: 7, wait_seconds=10) == 7


def test_slow_work_is_had_by_asking_again():
    background, gate, calls = Background(), threading.Event(), []

    def work() -> int:
        calls.append(1)
        gate.wait()
        return 7

    for _ in range(2):
        with pytest.raises(NotYet):
            background.result("a", work, wait_seconds=0.01)
    gate.set()
    assert background.result("a", work, wait_seconds=10) == 7
    assert len(calls) == 1


def test_a_result_is_not_kept():
    background, numbers = Background(), iter((1, 2))
    assert [background.result("a", lambda: next(numbers), wait_seconds=10) for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError("x")])
def test_what_the_work_raises_is_raised_where_it_is_asked_for(error):
    def work() -> None:
        raise error

    with pytest.raises(type(error), match="x"):
        Background().result("a", work, wait_seconds=10)
