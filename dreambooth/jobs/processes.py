"""Other processes of this machine, as far as the system tells of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

POLL_SECONDS = 0.05


def command_line(pid: int) -> str | None:
    """What a process was started with, words joined by spaces; None when there is none, or it is not told."""
    proc = Path("/proc") / str(pid) / "cmdline"
    if Path("/proc/self/cmdline").exists():
        try:
            words = proc.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return None
        return " ".join(words).strip() or None  # nothing of one that ended and was not yet waited for
    return _ask_system(pid)


def _ask_system(pid: int) -> str | None:
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    if sys.platform == "win32":
        query = f"(Get-CimInstance Win32_Process -Filter 'ProcessId={pid}').CommandLine"
        command = ["powershell", "-NoProfile", "-Command", query]
    try:
        told = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError:
        return None
    return told.stdout.strip() or None


def wait_for_command_line(pid: int, seconds: float) -> str:
    """The same of a process that was just started, which is told a moment later; raises OSError if never."""
    until = time.monotonic() + seconds
    while (told := command_line(pid)) is None:
        if time.monotonic() > until:
            raise OSError(f"the system does not tell of process {pid}, or it has ended")
        time.sleep(POLL_SECONDS / 10)
    return told


def end_process(pid: int, expected: str, seconds: float) -> bool:
    """Ask a process to end if it is still the one that was started so; whether it is gone in time."""
    if command_line(pid) != expected:
        return True
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + seconds
    while command_line(pid) == expected:
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)
    return True
