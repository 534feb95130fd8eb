"""Puts other weights in the place of a model's own, all of it or nothing.

What is to come is made ready in the folder ``restoring``, which appears whole; from then on it is certain.
The worker finishes what an earlier one began, before it does anything else with the model.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from dreambooth.config.editing import update_record
from dreambooth.config.folders import ModelFolder, written_whole
from dreambooth.config.store import load_record
from dreambooth.models.appearing import folder_appearing_whole

PLACE = "restoring"
FACTS = "facts.json"
OLD = "old"  # what is not kept waits here for its end


@contextmanager
def replaced(folder: ModelFolder, facts: Mapping[str, Any], *, keeps_old: bool) -> Iterator[Path]:
    """A folder to fill with ``working`` or an adapter file, which then take the place of the model's own.

    ``facts`` are fields of the model's record that change with it. A new ``working`` comes without an
    adapter; a new adapter leaves ``working`` as it is. What was there goes to the backups, or away.
    """
    with folder_appearing_whole(folder.path / PLACE) as beside:
        yield beside
        leaving = [folder.adapter_file]
        if (beside / folder.working.name).exists():
            leaving.append(folder.working)
        aside = {path.name: _aside(folder, path, keeps_old=keeps_old) for path in leaving if path.exists()}
        (beside / OLD).mkdir()
        with written_whole(beside / FACTS) as file:
            json.dump({"aside": aside, "record": facts}, file)
    finish_replacing(folder)


def _aside(folder: ModelFolder, path: Path, *, keeps_old: bool) -> str:
    """Where to put what leaves, relative to the model's folder; nothing there is written over."""
    if not keeps_old:
        return f"{PLACE}/{OLD}/{path.name}"
    steps = load_record(folder.config_file).lifetime_steps
    endings = chain([""], (f"-{number}" for number in count(2)))
    names = (f"{path.stem}-{steps}{ending}{path.suffix}" for ending in endings)
    return next(f"{folder.backups.name}/{name}" for name in names if not (folder.backups / name).exists())


def finish_replacing(folder: ModelFolder) -> None:
    """Do what is left of a replacement; every part of it can be repeated."""
    place = folder.path / PLACE
    if (place / FACTS).exists():
        told = json.loads((place / FACTS).read_text(encoding="utf-8"))
        for name, target in told["aside"].items():
            _move(folder.path / name, folder.path / target)
        for path in (folder.working, folder.adapter_file):
            _move(place / path.name, path)
        update_record(folder.config_file, lambda now: replace(now, **told["record"]))
        (place / FACTS).unlink()
    shutil.rmtree(place, ignore_errors=True)


def _move(path: Path, target: Path) -> None:
    """Unless it is there already, which is how a repetition finds it."""
    if path.exists() and not target.exists():
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
