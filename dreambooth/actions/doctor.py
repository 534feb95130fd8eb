"""What is there, what is missing and what to do, as ``doctor`` tells it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_flag
from dreambooth.actions.background import Background, Progress
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.store import ConfigError
from dreambooth.environment import child_variables, environment_python

MOST_SECONDS = 900
EXAMINATIONS = Background()
_found: dict[Path, dict[str, Any]] = {}


def run(place: Workplace, values: Values) -> dict[str, Any]:
    """All findings; kept until they are asked for ``again``, and pending as long as they are made."""
    models_dir = place.library.path.resolve()
    if not asked_flag(values, "again") and models_dir in _found:
        return _found[models_dir]
    told = EXAMINATIONS.ask(models_dir, lambda _: examine(models_dir))
    if isinstance(told, Progress):
        _found.pop(models_dir, None)  # who asks next waits for these
        return {"pending": True}
    _found[models_dir] = told
    return told


def examine(models_dir: Path) -> dict[str, Any]:
    """Ask the doctor in a process of its own, in our environment or, without one, in this Python."""
    python = environment_python()
    command = [str(python) if python.exists() else sys.executable, "-m", "dreambooth", "doctor", "--json"]
    try:
        child = subprocess.run(
            [*command, "--models-dir", str(models_dir)],
            env=child_variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=MOST_SECONDS,
            check=False,
        )
        *findings, last = [json.loads(line) for line in child.stdout.splitlines()]
    except subprocess.TimeoutExpired:
        raise ConfigError(f"the doctor gave no answer in {MOST_SECONDS // 60} minutes") from None
    except ValueError:
        raise ConfigError(f"the doctor ended with code {child.returncode}: {child.stderr[-500:]}") from None
    return {"findings": findings, **last["result"]}


ACTIONS: Mapping[str, Action] = {"doctor.run": run}
