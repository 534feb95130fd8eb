"""Run by the host at every start: makes sure of our own environment, and never touches the host's.

The host shows what is printed here when all is over, so that progress goes to its terminal by another way,
and to the log that the tab shows.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent))  # wherever the host starts us

from dreambooth import environment
from dreambooth.environment.host_options import find_option


def main() -> None:
    """Return at once when all is right; a failure is told in words and never stops the host."""
    if os.environ.get("DREAMBOOTH_SKIP_INSTALL"):
        return
    environment.choose_folder(find_option())
    if not environment.is_ready() and environment.is_being_made():
        print("dreambooth: the training environment is being made by another process; the tab shows how far")
        return
    # A host that waits for an index that cannot be reached does not start; pip alone would try for minutes.
    os.environ.setdefault("PIP_RETRIES", "1")
    try:
        with terminal() as screen:
            environment.make_environment(lambda line: print(f"dreambooth: {line}", file=screen, flush=True))
    except environment.EnvironmentProblem as problem:
        print(f"dreambooth: {problem}\ndreambooth: The tab has a button that tries again.")


@contextmanager
def terminal() -> Iterator[TextIO]:
    """The terminal of whoever started the host, or what the host shows later where there is none."""
    screen = None if environment.is_ready() or sys.stdout.isatty() else _open_terminal()
    if screen is None:
        yield sys.stdout
        return
    with screen:
        yield screen


def _open_terminal() -> TextIO | None:
    if sys.platform != "win32":
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else a host in the background would be stopped
    try:
        return Path("CONOUT$" if sys.platform == "win32" else "/dev/tty").open("w", encoding="utf-8")
    except OSError:
        return None


if __name__ == "__main__":
    main()
