"""Which step is good, by tables."""

import pytest

from dreambooth.verdict import MEASURED_ONCE, History, find_best, find_rise, judge, kept_saves, loss_of_save

FALLING = {200: 0.5, 400: 0.4, 600: 0.3}
RISEN = {200: 0.5, 400: 0.3, 600: 0.35, 800: 0.4}


@pytest.mark.parametrize(
    ("losses", "since"),
    [
        ({}, None),
        ({100: 0.5}, None),
        (FALLING, None),
        (RISEN, 400),
        ({200: 0.3, 400: 0.5, 600: 0.301}, None),  # a spike
        ({200: 0.3, 400: 0.302, 600: 0.3025}, None),  # within the noise
        ({200: 0.3, 400: 0.4}, None),  # once is no rise
        ({200: 0.3, 400: 0.3, 600: 0.4, 800: 0.4}, 200),  # of equal ones the first
    ],
)
def test_rise_is_seen_and_noise_is_none(losses, since):
    assert find_rise(losses) == since


@pytest.mark.parametrize(
    ("saves", "losses", "best"),
    [
        ((), FALLING, None),
        ((400, 800), {}, None),
        ((400, 800), RISEN, 400),
        ((300, 700), RISEN, 700),  # 200 belongs to 300, 600 to 700
        ((100, 600), RISEN, 600),  # nothing was measured up to 100
        ((400, 600), {400: 0.3, 600: 0.3}, 400),
    ],
)
def test_best_saved_step_is_the_one_with_the_least_loss(saves, losses, best):
    assert find_best(History(saves, losses)) == best


def test_loss_of_a_save_is_the_last_since_the_save_before():
    history = History((300, 700, 900), RISEN)
    assert [loss_of_save(step, history) for step in history.saves] == [0.5, 0.35, 0.4]


@pytest.mark.parametrize(
    ("last", "best", "kept"),
    [
        (0, 0, {200, 400, 600, 800}),
        (1, 0, {800}),
        (2, 0, {600, 800}),
        (1, 1, {400, 800}),
        (1, 2, {400, 600, 800}),
        (4, 1, {200, 400, 600, 800}),
    ],
)
def test_the_last_and_the_best_stay(last, best, kept):
    assert kept_saves(History((200, 400, 600, 800), RISEN), last, best) == kept


def test_without_validation_only_the_last_stay():
    assert kept_saves(History((200, 400)), last=1, best=3) == {400}


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (History((200,)), "Nothing measures these steps yet"),
        (
            History((400, 800), RISEN),
            "Validation rose since step 400; it learns the pictures by heart; the best saved step is 400.",
        ),
        (
            History((800,), RISEN),
            "the best saved step is 800, though it was saved after that: save more often.",
        ),
        (History((600,), FALLING), "Validation still falls at step 600: it may be worth to train on; the"),
        (History((), RISEN), "Validation rose since step 400; it learns the pictures by heart."),
        (
            History((), {**RISEN, 1000: 0.37}),
            "Validation rose since step 400; it falls again: train on and see.",
        ),
        (History((200,), {200: 0.3, 400: 0.301}), "Validation has hardly changed since step 200;"),
        (
            History((400, 800), {}, {400: 0.1, 800: 0.2}),
            "Ordinary pictures have hardly drifted (by 20% at step 800, where 100% is quite another picture",
        ),
        (
            History((400, 800, 1200), {}, {400: 0.1, 800: 0.6, 1200: 0.7}),
            "Ordinary pictures have drifted since step 800 (by 70% at step 1200, where 100% is quite another",
        ),
        (
            History((400, 800), RISEN, {400: 0.1, 800: 0.6}),
            "the best saved step is 400; ordinary pictures have drifted since step 800",
        ),
    ],
)
def test_verdict_in_words(history, words):
    assert words in judge(history).words


def test_verdict_names_its_steps():
    verdict = judge(History((400, 800), RISEN, {400: 0.1, 800: 0.6}))
    assert (verdict.best, verdict.rose_since, verdict.drifted_since) == (400, 400, 800)


def test_one_measurement_without_a_save_is_too_early_to_judge():
    assert judge(History(losses={0: 0.1})).words == MEASURED_ONCE
