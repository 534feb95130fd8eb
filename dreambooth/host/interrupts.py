"""Whether somebody has pressed Interrupt while a run has the device.

The webuis' own *Reload UI* interrupts as well, and a training is none of its business. It closes the page's
server right after, so what looks like an interrupt is watched for a moment.
"""

from __future__ import annotations

import time

from dreambooth.host.loaded import loaded

RELOAD_SECONDS = 1.5  # after which an interrupt is none of a reload


class Interrupts:
    """Hears the webui's Interrupt."""

    def __init__(self) -> None:
        self._since: float | None = None

    def is_asked(self) -> bool:
        """Whether it was pressed, and not by a reload; called all the while."""
        if not is_interrupted():
            self._since = None
            return False
        if is_reloading():
            forget_interrupt()
            return False
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since >= RELOAD_SECONDS


def is_interrupted() -> bool:
    """Whether the webui's flags say so; the newer of them finish the picture that is drawn."""
    state = loaded("shared").state
    return bool(state.interrupted or getattr(state, "stopping_generation", False))


def forget_interrupt() -> None:
    """As a job of the webui's own does when it begins."""
    state = loaded("shared").state
    state.interrupted = False
    if hasattr(state, "stopping_generation"):
        state.stopping_generation = False


def is_reloading() -> bool:
    """Whether the webui is about to make its page anew."""
    shared = loaded("shared")
    server = getattr(getattr(shared, "demo", None), "server", None)
    return bool(getattr(shared.state, "need_restart", False) or getattr(server, "should_exit", False))
