"""Pictures that a worker lets a webui draw with the webui's own txt2img."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from dreambooth.config.folders import RunFolder
from dreambooth.lending.hosts import HostFolder, read_note, write_note
from dreambooth.locks import POLL_SECONDS, is_locked

Outcome = Literal["done", "refused", "failed", "stopped", "lost"]


@dataclass(frozen=True, kw_only=True)
class OrderedPicture:
    """One picture, and the file that it is to become; its prompt goes beside it as a caption."""

    path: str
    prompt: str
    negative_prompt: str
    seed: int
    steps: int
    guidance_scale: float


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be drawn, by which checkpoint and sampler, as the webui names them."""

    source: str  # file name of the checkpoint
    source_hash: str  # SHA-256, or empty
    sampler: str
    width: int
    height: int
    pictures: Sequence[OrderedPicture]


@dataclass(frozen=True)
class ReceivedOrder:
    """An order as the webui finds it."""

    number: str
    run: RunFolder
    order: Order


@dataclass(frozen=True)
class Answer:
    """What became of an order; the message says why it is not done."""

    outcome: Outcome
    message: str = ""


def have_drawn(host: HostFolder, run: RunFolder, order: Order, while_drawing: Callable[[], None]) -> Answer:
    """Let a webui draw, and wait until it answers or dies; a wait that is cut off takes the order back."""
    number = secrets.token_hex(8)
    place = Path(os.path.relpath(run.path, host.path)).as_posix()
    write_note(host.order_file, {"number": number, "run": place, **asdict(order)})
    try:
        while True:
            is_alive = host.is_alive()
            told = read_note(host.answer_file)
            while_drawing()
            if told and told["number"] == number:
                return Answer(told["outcome"], told["message"])
            if not is_alive:
                return Answer("lost")
            time.sleep(POLL_SECONDS)
    finally:
        host.order_file.unlink(missing_ok=True)


def find_order(host: HostFolder) -> ReceivedOrder | None:
    """What a living worker wants drawn now; None when there is nothing, or nobody who waits for it."""
    told = read_note(host.order_file)
    if told is None:
        return None
    run = RunFolder(host.path / told["run"])
    answered = read_note(host.answer_file)
    is_answered = answered is not None and answered["number"] == told["number"]
    if is_answered or not is_locked(run.lock_file):
        return None
    return ReceivedOrder(told["number"], run, _read_order(told))


def _read_order(told: dict[str, Any]) -> Order:
    pictures = [OrderedPicture(**picture) for picture in told["pictures"]]
    names = ("source", "source_hash", "sampler", "width", "height")
    return Order(**{name: told[name] for name in names}, pictures=pictures)


def answer_order(host: HostFolder, received: ReceivedOrder, answer: Answer) -> None:
    """Tell the worker what became of its order."""
    write_note(host.answer_file, {"number": received.number, **asdict(answer)})
