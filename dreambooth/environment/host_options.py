"""What the command line of a webui says about the environment, for ``install.py``, which is not given it.

A webui reads its options from the command line, then from COMMANDLINE_ARGS; the last one counts. It runs
``install.py`` as a child, through a shell, with the variable and without the command line.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

OPTION = "--dreambooth-env"
_MOST_ANCESTORS = 6


def find_option() -> str | None:
    """The folder that the webui was told to keep environments in; None when it was told nothing."""
    try:
        words = shlex.split(os.environ.get("COMMANDLINE_ARGS", ""))  # as the webuis split it, on Windows too
    except ValueError:  # a quote without its end, of which the webui complains
        words = []
    lines = (value for line in _command_lines_above() if (value := _value(line)) is not None)
    return _value(words) or next(lines, None)


def _value(words: Sequence[str]) -> str | None:
    found = None
    for index, word in enumerate(words):
        name, is_given, value = word.partition("=")
        if name != OPTION:
            continue
        following = words[index + 1] if index + 1 < len(words) else None
        found = value if is_given else following
    return found


def _command_lines_above() -> Iterator[list[str]]:
    """Those of the processes that started this one, the nearest first; none where the system has no /proc."""
    pid = os.getppid()
    for _ in range(_MOST_ANCESTORS):
        process = Path("/proc") / str(pid)
        try:
            yield process.joinpath("cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
            # The name of the command, in brackets, may hold anything.
            pid = int(process.joinpath("stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return
