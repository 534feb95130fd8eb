"""What the browser tests install once per machine lies here; what is missing is said as Unavailable."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from dreambooth.environment.place import environment_folder, variables_without_paths


class Unavailable(Exception):
    """Something that is no part of the project is missing; the text says what, and how to get it."""


def cache_folder() -> Path:
    """``.venv-hosts`` beside ``.venv``: git ignores it, and it may be deleted at any time."""
    folder = environment_folder()
    return folder.with_name(f"{folder.name}-hosts")


def run_or_say(command: Sequence[str], trouble: str) -> str:
    """What the command printed; raises Unavailable with the trouble and the last line of the command."""
    done = subprocess.run(
        command,
        env=variables_without_paths(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()] or ["nothing"]
        raise Unavailable(f"{trouble}: {said[-1].strip()}")
    return done.stdout
