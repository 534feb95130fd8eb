"""Copies a model, so that one can go on in two ways."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.relocation import relocate
from dreambooth.locks import is_locked
from dreambooth.models.streaming import require_space
from dreambooth.tasks.job import Job, Refused


def duplicate(job: Job) -> dict[str, Any]:
    """A copy under the name that was asked for; it appears whole or not at all.

    An interrupted training goes on in the original only: its run is not copied, nor is one that is at work.
    """
    folder = job.model_folder
    place = ModelFolder(folder.path.parent / job.asked["name"])
    if place.path.exists():
        raise Refused(f"there is a model {place.name} already; choose another name or delete it first")
    files = list(_files_to_copy(folder))
    num_bytes = sum(path.stat().st_size for path in files)
    require_space(place.path, num_bytes)
    beside = place.path.with_name(f".{place.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        for number, path in enumerate(files):
            job.progress("files", number, len(files))
            copy = beside / path.relative_to(folder.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        job.progress("files", len(files), len(files))
        relocate(ModelFolder(beside).config_file, folder.path, place.path)
        beside.rename(place.path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return {"model": place.name, "path": str(place.path), "bytes": num_bytes}


def _files_to_copy(folder: ModelFolder) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder.path):
        here = Path(parent)
        if here == folder.runs:
            folders[:] = [name for name in folders if _is_over(RunFolder(here / name))]
        yield from (here / name for name in names if not name.endswith((".partial", ".lock")))


def _is_over(run: RunFolder) -> bool:
    return not run.state.exists() and not is_locked(run.lock_file)
