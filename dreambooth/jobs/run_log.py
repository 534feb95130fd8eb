"""The end of what a worker printed."""

from __future__ import annotations

from itertools import islice

from dreambooth.config.folders import RunFolder
from dreambooth.events import read_lines_backwards


def read_log_tail(run: RunFolder, num_lines: int) -> list[str]:
    """The last lines of the log; of a bar that was drawn over itself what was drawn last."""
    if not run.log_file.exists():
        return []
    lines = list(islice(read_lines_backwards(run.log_file, with_unfinished=True), num_lines))
    return [_as_seen(line) for line in reversed(lines)]


def _as_seen(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r").rpartition("\r")[2]
