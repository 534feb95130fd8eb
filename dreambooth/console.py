"""What the command line shows of a run: bars on a terminal, lines in a pipe, JSON when asked."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dreambooth.events import Event

FAILED, REFUSED, STOPPED = 1, 2, 130
EXIT_CODES = {
    "done": 0,
    "discarded": 0,
    "stopped": STOPPED,
    "paused": STOPPED,
    "refused": REFUSED,
    "failed": FAILED,
    "lost": FAILED,
}
LINE_EVERY_SECONDS = 5.0


def _loss_text(label: str, loss: float | None) -> str:
    return f"{label} not a number " if loss is None else f"{label} {loss:.4f} "


def _step_text(event: Event) -> str:
    prior = "" if event["prior_loss"] is None else _loss_text("prior", event["prior_loss"])
    only_prior = event["instance_loss"] is None and event["loss"] is not None
    instance = "" if only_prior else _loss_text("instance", event["instance_loss"])
    return (
        f"epoch {event['epoch']} {_loss_text('loss', event['loss'])}{instance}{prior}"
        f"{event['images_per_second']:.1f} images/s {event['memory_bytes'] / 1e9:.2f} GB"
    )


def bar(label: str, done: int, total: int, text: str, width: int) -> str:
    """A progress bar of exactly ``width`` characters, shortened where it must be."""
    share = done / total if total else 1.0
    filled = round(20 * share)
    told = f"{label} {'#' * filled}{'.' * (20 - filled)} {done}/{total} {text}"
    return told[:width].ljust(width)


_TEXTS: dict[str, Callable[[Event], str]] = {
    "waiting": lambda e: f"waiting: {e['message']}",
    "warning": lambda e: f"warning: {e['message']}",
    "start": lambda e: f"training on {e['device']} from step {e['step']} to {e['num_steps']}",
    "checkpoint": lambda e: f"checkpoint {e['path']}",
    "snapshot": lambda e: f"snapshot {e['path']}",
    "judged": lambda e: f"which step is good: {e['grid']}",
    "validation": lambda e: f"validation {_loss_text('loss', e['loss'])}at step {e['step']}",
    "resting": lambda e: f"resting for {e['seconds']} s",
    "changed": lambda e: f"changed from step {e['step']} on: {e['values']}",
    "sample": lambda e: f"sample {e['path']}  {e['prompt']}",
}


@dataclass
class Console:
    """Where a command prints."""

    as_json: bool
    _has_bar: bool = field(default=False, init=False)
    _last_line: float = field(default=0.0, init=False)

    def say(self, text: str) -> None:
        """A line for people; nothing in JSON mode."""
        if not self.as_json:
            self._end_bar()
            print(text, flush=True)

    def result(self, value: dict[str, Any], text: str) -> int:
        """The result of a command that needed no worker."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)
        else:
            self.say(text)
        return 0

    def show(self, event: Event) -> None:
        """An event of a run."""
        if self.as_json:
            print(json.dumps(event, ensure_ascii=False), flush=True)
        elif event["event"] == "step":
            self._progress("training", event["step"], event["num_steps"], _step_text(event))
        elif event["event"] == "progress":
            self._progress(event["what"], event["done"], event["total"], "")
        elif event["event"] in _TEXTS:
            self.say(_TEXTS[event["event"]](event))

    def end(self, event: Event) -> int:
        """The last event; returns the exit code."""
        code = EXIT_CODES[event["outcome"]]
        if self.as_json:
            print(json.dumps({**event, "exit_code": code}, ensure_ascii=False), flush=True)
            return code
        self._end_bar()
        if message := event.get("message"):
            print(message, file=sys.stderr, flush=True)
        return code

    def _progress(self, label: str, done: int, total: int, text: str) -> None:
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            print("\r" + bar(label, done, total, text, width), end="", flush=True)
            self._has_bar = True
            return
        now = time.monotonic()
        if done == total or now - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = now
            print(f"{label} {done}/{total} {text}".rstrip(), flush=True)

    def _end_bar(self) -> None:
        if self._has_bar:
            print(flush=True)
            self._has_bar = False
