"""Pictures and captions that a browser sent, put into a concept's folder."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.background import LOOKING
from dreambooth.actions.concept_form import asked_index
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ConfigError
from dreambooth.data.arrivals import Arrival, take_in
from dreambooth.jobs.library import find_concept


def upload(place: Workplace, values: Values) -> dict[str, Any]:
    """Copy ``files``, each with ``path`` and ``name``, into the instance folder of a concept.

    A concept without one gets ``instance_N`` in the model's folder; the form takes it from ``folder``. A
    picture and a caption of one name stay together, and nothing that is there is written over.
    """
    name, index = asked_text(values, "name"), asked_index(values)
    concept = find_concept(place.library.load(name).config, index)
    arrivals = list(dict.fromkeys(_asked_arrival(place, each) for each in _asked_files(values)))
    folder = Path(concept.instance_data_dir)
    if not concept.instance_data_dir.strip():
        folder = _find_new(place.library.folder(name), index)
    elif not folder.is_dir():
        told = f"{folder} is no folder that pictures can be put into; clear the field, or name one"
        raise ConfigError(f"instance_data_dir: {told}")
    turned_away = take_in(arrivals, folder)
    LOOKING.forget()
    return {
        "folder": str(folder),
        "copied": len(arrivals) - len(turned_away),
        "refused": [{"name": each.name, "reason": each.reason} for each in turned_away],
    }


def _find_new(model: ModelFolder, index: int) -> Path:
    """A folder for pictures in the model's own, without those of another concept in it."""
    folders = (model.path.absolute() / f"instance_{number}" for number in count(index))
    return next(folder for folder in folders if not folder.exists() or not any(folder.iterdir()))


def _asked_files(values: Values) -> list[Mapping[str, Any]]:
    files = values.get("files")
    if not isinstance(files, list) or not all(isinstance(each, Mapping) for each in files):
        raise ConfigError("files: must be a list of files, each with path and name")
    return files


def _asked_arrival(place: Workplace, values: Values) -> Arrival:
    typed = asked_text(values, "path")
    path = Path(typed.replace("\0", "")).resolve()
    if not any(path.is_relative_to(folder.resolve()) for folder in place.upload_folders):
        raise ConfigError("files: one of them was not sent by a browser")
    return Arrival(path, asked_text(values, "name"))


ACTIONS: dict[str, Action] = {"dataset.upload": upload}
