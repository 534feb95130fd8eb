"""Learning-rate schedules as factors of the full rate, counted in optimizer steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dreambooth.config.schedule import ScheduleConfig

ONE_CYCLE_START = 1 / 25  # of the full rate (arXiv:1708.07120; the share is the one that fastai made usual)


@dataclass(frozen=True)
class Piece:
    """A share of the learning rate up to a step, which is not included; None: to the end."""

    until: int | None
    factor: float


def parse_pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of ``100:1, 300:0.5, 0.1``; raises ValueError in words.

    >>> parse_pieces("100:1, 0.1")
    (Piece(until=100, factor=1.0), Piece(until=None, factor=0.1))
    """
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items or ":" in items[-1]:
        raise ValueError("write STEP:SHARE, …, SHARE, e.g. 100:1, 300:0.5, 0.1; the last one has no step")
    pieces = [_parse_piece(item, is_last=item is items[-1]) for item in items]
    ends = [piece.until for piece in pieces if piece.until is not None]
    if ends != sorted(set(ends)):
        raise ValueError("the steps must rise")
    return tuple(pieces)


def _parse_piece(item: str, *, is_last: bool) -> Piece:
    end, _, share = item.rpartition(":")
    try:
        piece = Piece(None if is_last else int(end), float(share))
    except ValueError:
        raise ValueError(f"{item!r} is not of the form STEP:SHARE") from None
    if not 0 <= piece.factor <= 100:
        raise ValueError(f"a share is a number from 0 to 100, and {share.strip()} is not")
    if piece.until is not None and piece.until < 1:
        raise ValueError(f"{end.strip()} is not the number of a step")
    return piece


def _linear(progress: float, _: ScheduleConfig) -> float:
    return 1 - progress


def _cosine(progress: float, _: ScheduleConfig) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def _cosine_with_restarts(progress: float, config: ScheduleConfig) -> float:
    if progress >= 1:
        return 0.0
    return (1 + math.cos(math.pi * (progress * config.num_cycles % 1))) / 2


def _polynomial(progress: float, config: ScheduleConfig) -> float:
    return float((1 - progress) ** config.power)


def _rex(progress: float, _: ScheduleConfig) -> float:
    """REX (arXiv:2107.04197, equation 2)."""
    return (1 - progress) / (0.5 + 0.5 * (1 - progress))


_FALLING: dict[str, Callable[[float, ScheduleConfig], float]] = {
    "linear": _linear,
    "cosine": _cosine,
    "cosine_with_restarts": _cosine_with_restarts,
    "polynomial": _polynomial,
    "rex": _rex,
}


def count_warmup_steps(config: ScheduleConfig, num_steps: int) -> int:
    """Steps of the warm-up, which is told as their number or as a share of all of them."""
    return config.warmup_steps or round(config.warmup_fraction * num_steps)


def lr_factor(config: ScheduleConfig, step: int, num_steps: int) -> float:
    """What step number ``step`` (from 0) multiplies the learning rate by.

    Warm-up rises linearly and reaches the schedule at its last step; a falling shape then runs over the
    remaining steps and ends at ``min_lr_fraction`` on the last one. ``constant`` never falls, and the pieces
    of ``piecewise`` are counted from the first step of the run.
    """
    num_warmup = count_warmup_steps(config, num_steps)
    if step < num_warmup:
        top = _piece_at(config, num_warmup) if config.name == "piecewise" else 1.0
        return (step + 1) / (num_warmup + 1) * top
    return _after_warmup(config, step, num_warmup, num_steps)


def _after_warmup(config: ScheduleConfig, step: int, num_warmup: int, num_steps: int) -> float:
    if config.name == "constant":
        return 1.0
    if config.name == "piecewise":
        return _piece_at(config, step)
    if config.name == "one_cycle":
        return _one_cycle(config, step, num_steps)
    remaining = num_steps - 1 - num_warmup
    progress = min(1.0, (step - num_warmup) / remaining) if remaining > 0 else 1.0
    shape = _FALLING[config.name](progress, config)
    return config.min_lr_fraction + (1 - config.min_lr_fraction) * shape


def _piece_at(config: ScheduleConfig, step: int) -> float:
    pieces = parse_pieces(config.pieces)
    return next(piece.factor for piece in pieces if piece.until is None or step < piece.until)


def _one_cycle(config: ScheduleConfig, step: int, num_steps: int) -> float:
    """Up to the full rate and down again, both along a cosine (arXiv:1708.07120, section 4.1)."""
    last = max(1, num_steps - 1)
    peak = round(config.peak_fraction * last)
    if step < peak:
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - _cosine(step / peak, config))
    progress = min(1.0, (step - peak) / (last - peak)) if last > peak else 0.0
    return config.min_lr_fraction + (1 - config.min_lr_fraction) * _cosine(progress, config)


def text_lr_factor(config: ScheduleConfig, step: int, num_steps: int, num_text_steps: int) -> float:
    """The same for the text encoders, which may have a schedule of their own while they learn."""
    warmup = config.text_encoder_warmup_steps
    own = config if warmup < 0 else replace(config, warmup_steps=warmup, warmup_fraction=0.0)
    if config.text_encoder_name == "same":
        return lr_factor(own, step, num_steps)
    if warmup < 0:
        own = replace(config, warmup_steps=count_warmup_steps(config, num_steps), warmup_fraction=0.0)
    return lr_factor(replace(own, name=config.text_encoder_name), step, num_text_steps)


def sampled_steps(num_steps: int, most: int = 200) -> Sequence[int]:
    """At most so many steps of a run, the first and the last among them, for a picture of its curve."""
    count = max(1, min(num_steps, most))
    return [round(index * (num_steps - 1) / max(1, count - 1)) for index in range(count)]
