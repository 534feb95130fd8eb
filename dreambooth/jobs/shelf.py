"""Models as folders on a shelf: given another name, and taken away."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.relocation import relocate
from dreambooth.config.store import Busy, ConfigError, Conflict, NotFound
from dreambooth.jobs.disk_use import folder_bytes
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import JOBS, find_model, is_alive, list_runs
from dreambooth.jobs.start import prepare_run
from dreambooth.locks import file_lock

TRASH = ".trash-"  # no model's name begins with a dot


@contextmanager
def library_lock(library: Library) -> Iterator[None]:
    """Whatever must not happen twice at the same time: beginning a training, moving a model."""
    with file_lock(library.path / ".models.lock", waiting=lambda: None):
        yield


def find_living_run(library: Library, folder: ModelFolder) -> RunFolder | None:
    """A run about the model that has a worker, be it at work or waiting."""
    place = ModelFolder(Path(os.path.normpath(folder.path)))
    making = (run for run in list_runs(library.path / JOBS) if is_alive(run) and find_model(run) == place)
    return next((run for run in (*list_runs(folder.runs), *making) if is_alive(run)), None)


def rename_model(library: Library, name: str, new_name: str) -> None:
    """Give a model another name; raises ConfigError when that cannot be."""
    with library_lock(library):
        folder = _find_idle(library, name)
        place = _find_free(library, new_name, folder)
        _move(folder, place)
        relocate(place.config_file, folder.path, place.path)


def delete_model(library: Library, name: str, confirmation: str) -> int:
    """Take a model away with all that is in its folder, and return the bytes freed.

    ``confirmation`` is its name again. The model is gone at once; a kill while its files are removed leaves a
    hidden folder, which the next call removes.
    """
    if confirmation != name:
        raise ConfigError(f"to delete {name}, its name has to be typed; {confirmation!r} is another")
    with library_lock(library):
        folder = _find_idle(library, name)
        num_bytes = folder_bytes(folder.path)
        _move(folder, ModelFolder(library.path / f"{TRASH}{time.time_ns()}"))
    for trash in library.path.glob(f"{TRASH}*"):
        shutil.rmtree(trash, ignore_errors=True)
    return num_bytes


def prepare_duplicate(library: Library, name: str, new_name: str) -> RunFolder:
    """The run of a job that copies a model."""
    folder = _find_idle(library, name)
    place = _find_free(library, new_name, folder)
    if place.path.exists():
        raise Conflict(f"{new_name} is the same name")
    return prepare_run(library, folder, "duplicate", {"name": place.name})


def _find_idle(library: Library, name: str) -> ModelFolder:
    folder = library.folder(name)
    if not folder.is_model():
        raise NotFound(f"there is no model {name} any more")
    run = find_living_run(library, folder)
    if run is not None:
        raise Busy(f"a job is at work on {name}, or waits to be ({run.path.name}): stop it first")
    return folder


def _find_free(library: Library, name: str, folder: ModelFolder) -> ModelFolder:
    place = library.folder(name)
    is_same = place.path.exists() and place.path.samefile(folder.path)  # capitals may not count
    if place.path.exists() and (not is_same or name == folder.name):
        raise Conflict(f"{name} is taken; choose another name")
    if find_living_run(library, place) is not None:
        raise Busy(f"a model {name} is just being made; choose another name")
    return place


def _move(folder: ModelFolder, place: ModelFolder) -> None:
    try:
        folder.path.rename(place.path)
    except OSError as error:
        raise ConfigError(
            f"{folder.name} cannot be moved ({error.strerror}): close whatever has one of its files open"
        ) from None
