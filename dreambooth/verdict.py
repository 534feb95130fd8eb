"""Which saved step is good: what validation and drift say, in words. Pure; steps are of the model's life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

RISE = 0.01  # a validation loss that is higher by this share has risen; less is within its noise
RISING_FOR = 2  # so many measurements above the least one, so that a single spike is none
DRIFTED = 0.5  # of the difference between two ordinary pictures

NOTHING_MEASURED = (
    "Nothing measures these steps yet: hold pictures back for validation, or let every save draw its "
    "pictures (samples.judge_saves)."
)

MEASURED_ONCE = "Validation was measured once so far: the next time tells where it goes."


@dataclass(frozen=True)
class History:
    """What is known of a training."""

    saves: Sequence[int] = ()
    losses: Mapping[int, float] = field(default_factory=dict)  # step → validation loss
    drifts: Mapping[int, float] = field(default_factory=dict)  # step → 1 for quite another picture


@dataclass(frozen=True)
class Verdict:
    """What there is to say; None where nothing is known or nothing happened."""

    words: str
    best: int | None = None  # the saved step with the least validation loss
    rose_since: int | None = None  # the step after which validation only rose
    drifted_since: int | None = None  # the first step whose ordinary pictures are others


def judge(history: History) -> Verdict:
    """The verdict on a training as far as it has come."""
    if not history.losses and not history.drifts:
        return Verdict(NOTHING_MEASURED)
    rose_since, best = find_rise(history.losses), find_best(history)
    drifted_since = next((step for step, drift in sorted(history.drifts.items()) if drift >= DRIFTED), None)
    sentences = [
        *_tell_validation(history, rose_since),
        *_tell_best(history, best, rose_since),
        *_tell_drift(history, drifted_since),
    ]
    if not sentences:
        return Verdict(MEASURED_ONCE)
    words = "; ".join(sentences)
    return Verdict(f"{words[0].upper()}{words[1:]}.", best, rose_since, drifted_since)


def find_rise(losses: Mapping[int, float]) -> int | None:
    """The step with the least loss, when the last ones are all clearly above it."""
    if not losses:
        return None
    steps = sorted(losses)
    least = min(steps, key=lambda step: (losses[step], step))
    later = [losses[step] for step in steps if step > least]
    has_risen = len(later) >= RISING_FOR and all(
        loss > losses[least] * (1 + RISE) for loss in later[-RISING_FOR:]
    )
    return least if has_risen else None


def find_best(history: History) -> int | None:
    """The saved step with the least validation loss; of equal ones the earlier, which has changed less."""
    measured = {step: loss_of_save(step, history) for step in history.saves}
    known = {step: loss for step, loss in measured.items() if loss is not None}
    return min(known, key=lambda step: (known[step], step)) if known else None


def loss_of_save(step: int, history: History) -> float | None:
    """The last validation loss up to a saved step, unless it is of an earlier save."""
    before = max((other for other in history.saves if other < step), default=-1)
    told = [other for other in history.losses if before < other <= step]
    return history.losses[max(told)] if told else None


def kept_saves(history: History, last: int, best: int) -> set[int]:
    """The saves that stay: the ``last`` ones, 0 for all, and the ``best`` by validation."""
    steps = sorted(history.saves)
    if last == 0:
        return set(steps)
    losses = {step: loss_of_save(step, history) for step in steps}
    known = sorted((loss, step) for step, loss in losses.items() if loss is not None)
    return {*steps[-last:], *(step for _, step in known[:best])}


def _tell_validation(history: History, rose_since: int | None) -> list[str]:
    if len(history.losses) < 2:
        return []
    last = max(history.losses)
    if rose_since is not None:
        steps = sorted(history.losses)
        falls_again = history.losses[steps[-1]] < history.losses[steps[-2]]
        told = "it falls again: train on and see" if falls_again else "it learns the pictures by heart"
        return [f"validation rose since step {rose_since}; {told}"]
    least = min(history.losses, key=lambda step: (history.losses[step], step))
    if least == last:
        return [f"validation still falls at step {last}: it may be worth to train on"]
    return [f"validation has hardly changed since step {least}"]


def _tell_best(history: History, best: int | None, rose_since: int | None) -> list[str]:
    if best is None:
        return ["no saved step has a validation loss"] if history.losses and history.saves else []
    told = f"the best saved step is {best}"
    if rose_since is not None and best > rose_since:
        told += ", though it was saved after that: save more often"
    return [told]


def _tell_drift(history: History, drifted_since: int | None) -> list[str]:
    if not history.drifts:
        return []
    last = max(history.drifts)
    told = f"by {history.drifts[last]:.0%} at step {last}, where 100% is quite another picture"
    if drifted_since is None:
        return [f"ordinary pictures have hardly drifted ({told})"]
    return [f"ordinary pictures have drifted since step {drifted_since} ({told})"]
