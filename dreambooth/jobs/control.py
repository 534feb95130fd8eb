"""Begins trainings, asks them things, and stops jobs; the same for every interface."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.live import load_changes, with_live_values
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import Busy, ConfigError, Conflict, config_from_json
from dreambooth.events import (
    REQUESTS,
    Request,
    ask,
    line_is,
    parse_event,
    read_change,
    read_lines_backwards,
    take_requests,
)
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import is_alive, job_of, read_job
from dreambooth.jobs.shelf import library_lock
from dreambooth.jobs.start import ResultFolders, prepare_training, start_worker
from dreambooth.jobs.trainings import find_living_training, find_resumable, is_paused


def begin_training(
    library: Library, name: str, config: TrainConfig | None = None, webui: ResultFolders | None = None
) -> RunFolder:
    """Start a new training, with the model's own settings if no others are given; see prepare_training.

    Raises ConfigError for contradictions in the settings, and while the model is being trained. Of two who
    begin at the same time one comes second.
    """
    with library_lock(library):
        record = library.load(name)
        config = config or record.config
        if problems := find_problems(config):
            raise ConfigError("\n".join(map(str, problems)))
        _refuse_second(library.folder(name))
        run = prepare_training(library, name, record, config, webui)
        start_worker(run)
        return run


def resume_training(library: Library, name: str) -> RunFolder:
    """Go on with the interrupted training; raises ConfigError when there is none, or it is under way."""
    with library_lock(library):
        run = find_resumable(library, name)
        _refuse_second(library.folder(name))
        take_requests(run)  # what was asked of a worker that is gone
        start_worker(run)
        return run


def _refuse_second(folder: ModelFolder) -> None:
    if find_living_training(folder) is not None:
        raise Busy(f"{folder.name} is being trained; follow that training, or ask it to stop")


def ask_training(run: RunFolder, request: str) -> Request:
    """Ask something of a training that is under way; raises ConfigError when it is not."""
    asked = next((known for known in REQUESTS if known == request), None)
    if asked is None:
        raise ConfigError(f"a training cannot be asked to {request!r}; it knows {', '.join(REQUESTS)}")
    if job_of(run) != "train" or not is_alive(run):
        raise Conflict("this training is not under way any more")
    ask(run, asked)
    return asked


def current_config(run: RunFolder) -> TrainConfig:
    """The settings of a training as they are now, with all that was changed since it was given."""
    config = config_from_json(read_job(run)["config"])
    for change in load_changes(run):
        config = with_live_values(config, change.values)
    return config


def change_training(run: RunFolder, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change settings of a training that is under way or paused, by dotted name; from its next step on.

    Raises ConfigError for settings that cannot change now. What was asked and not yet taken counts too.
    """
    if job_of(run) != "train" or not (is_alive(run) or is_paused(run)):
        raise Conflict("this training is not under way any more")
    asked = {**read_change(run), **values}
    with_live_values(current_config(run), asked)
    ask(run, "change", asked)
    return asked


def keep_changes(library: Library, name: str, values: Mapping[str, Any]) -> None:
    """Give the model itself the settings that its training was given, for its next ones."""
    library.change_config(name, lambda config: with_live_values(config, values))


def cancel(run: RunFolder) -> None:
    """Stop a job, at work or waiting; a training saves first. Raises ConfigError when it is over."""
    if not is_alive(run):
        raise Conflict("this job is over already")
    ask(run, "stop")  # heard while it waits, and by a training
    pid = _find_worker(run)
    if job_of(run) != "train" and pid is not None:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, signal.SIGTERM)


def _find_worker(run: RunFolder) -> int | None:
    """The process that told of its beginning last; it is the one that holds the run's lock."""
    if not run.events_file.exists():
        return None
    for line in read_lines_backwards(run.events_file):
        if line_is(line, "work") and (event := parse_event(line)):
            return int(event["pid"])
    return None
