"""Work that goes on while a page waits."""

import threading

import pytest

from dreambooth.actions import background as background_module
from dreambooth.actions.background import Background, Progress
from dreambooth.config.store import ConfigError


@pytest.fixture
def gate():
    """What the work of a test waits for; open at its end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


def test_quick_work_is_answered_at_once_and_done_anew_when_asked_again():
    background, results = Background(), iter([{"a": 1}, {"a": 2}])
    assert [background.ask("key", lambda _: next(results)) for _ in range(2)] == [{"a": 1}, {"a": 2}]


def test_who_asks_twice_joins_what_is_under_way(gate):
    background, begun = Background(), []

    def work(progress):
        begun.append(1)
        progress.say(3, 7)
        gate.wait()
        return {"done": True}

    for _ in range(2):
        answer = background.ask("key", work)
        assert (answer.done, answer.total) == (3, 7)
    gate.set()
    assert background.ask("key", work) == {"done": True}
    assert len(begun) == 1


def test_failure_reaches_who_asks():
    def work(_):
        raise ConfigError("no")

    with pytest.raises(ConfigError, match="no"):
        Background().ask("key", work)


def test_work_is_given_up_for_other_work_in_the_same_place(gate):
    background, begun, ended = Background(), threading.Event(), threading.Event()

    def long_work(progress):
        begun.set()
        try:
            gate.wait()
            progress.say(1, 2)
        finally:
            ended.set()
        return {"finished": True}

    first = background.start("old", long_work, place="concept 0")
    assert begun.wait(10)
    assert background.ask("new", lambda _: {"new": True}, place="concept 0") == {"new": True}
    gate.set()
    assert ended.wait(10)
    assert first.result == {}
    assert first.progress.is_unwanted


def test_work_that_nobody_wants_any_more_is_not_begun(gate):
    background, begun = Background(), []
    for number in range(2):
        background.start(number, lambda _: gate.wait() and {})
    unwanted = background.start("old", lambda _: begun.append(1) or {}, place="concept 0")
    new = background.start("new", lambda _: {}, place="concept 0")
    gate.set()
    assert new.is_over.wait(10)
    assert (begun, unwanted.is_over.is_set()) == ([], False)


def test_work_elsewhere_goes_on(gate):
    background = Background()
    task = background.start("a", lambda _: gate.wait() and {}, place="concept 0")
    background.ask("b", lambda _: {}, place="concept 1")
    assert not task.progress.is_unwanted


def test_result_that_nobody_took_in_time_is_found_out_anew(monkeypatch):
    background, results = Background(), iter([{"a": 1}, {"a": 2}])
    background.start("key", lambda _: next(results)).is_over.wait(10)
    monkeypatch.setattr(background_module, "FRESH_SECONDS", 0)
    assert background.ask("key", lambda _: next(results)) == {"a": 2}


def test_what_was_found_out_before_files_changed_is_forgotten(gate):
    background, results = Background(), iter([{"a": 1}, {"a": 2}])
    background.start("key", lambda _: next(results), place="folder").is_over.wait(10)
    running = background.start("running", lambda _: gate.wait() and {}, place="other")
    writing = background.start("writing", lambda _: {"written": 1})
    background.forget()
    assert (running.progress.is_unwanted, writing.progress.is_unwanted) == (True, False)
    assert background.ask("key", lambda _: next(results), place="folder") == {"a": 2}


def test_followed_work_tells_its_result_again_and_again():
    background = Background()
    background.start("id", lambda _: {"a": 1})
    assert [background.follow("id") for _ in range(2)] == [{"a": 1}, {"a": 1}]
    with pytest.raises(ConfigError, match="not known here any more"):
        background.follow("other")


def test_only_a_few_things_are_done_at_once(gate):
    background, running = Background(), []
    tasks = [background.start(n, lambda _, n=n: running.append(n) or gate.wait() or {}) for n in range(5)]
    assert isinstance(background.ask(4, lambda _: {}), Progress)
    assert sorted(running) == [0, 1]
    gate.set()
    assert all(task.is_over.wait(10) for task in tasks)
    assert sorted(running) == [0, 1, 2, 3, 4]
