"""Class images: looked through, rejected, made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_text, asked_texts
from dreambooth.actions.background import LOOKING
from dreambooth.actions.concept_form import asked_index
from dreambooth.actions.places import refusing_bad_data
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import written_whole
from dreambooth.config.store import ConfigError
from dreambooth.data.listing import REJECTED
from dreambooth.data.moving import move_with_caption
from dreambooth.data.roots.folders import list_folder
from dreambooth.data.roots.reading import read_words
from dreambooth.data.roots.source import Source
from dreambooth.jobs.asking import prepare_with_config
from dreambooth.jobs.library import find_concept

GENERATED = re.compile(r"class_(\d+)")


def list_classes(place: Workplace, values: Values) -> dict[str, Any]:
    """The class images of a concept: its own, then those that the model drew."""
    name, index = asked_text(values, "name"), asked_index(values)
    concept = find_concept(place.library.load(name).config, index)
    own, generated = concept.class_data_dir, place.library.folder(name).classifiers(index)
    pictures: list[dict[str, Any]] = []
    with refusing_bad_data():
        if own.strip():
            pictures += [_describe(source, is_own=True) for source in list_folder(Path(own)).sources]
        if generated.is_dir():
            pictures += [_describe(source, is_own=False) for source in list_folder(generated).sources]
    return {"pictures": pictures}


def _describe(source: Source, *, is_own: bool) -> dict[str, Any]:
    seed = None if is_own else _find_seed(source.path)
    prompt = read_words(source).caption
    return {"path": str(source.path), "prompt": prompt, "seed": seed, "is_own": is_own}


def _find_seed(path: Path) -> int | None:
    match = GENERATED.fullmatch(path.stem)
    return int(match[1]) if match else None


def reject(place: Workplace, values: Values) -> dict[str, Any]:
    """Put generated class images among the backups; the same ones are not drawn again.

    A mark without content stays in the place of each, ``class_SEED.rejected``.
    """
    name, index = asked_text(values, "name"), asked_index(values)
    folder = place.library.folder(name)
    find_concept(place.library.load(name).config, index)
    generated = folder.classifiers(index)
    paths = [_find_generated(generated, typed) for typed in asked_texts(values, "paths")]
    backup = folder.backups / "rejected" / generated.name
    for path in paths:
        with written_whole(path.with_suffix(REJECTED)):  # before the picture goes, or it could come back
            pass
        move_with_caption(path, backup)
    LOOKING.forget()
    return {"rejected": len(paths), "backup": str(backup)}


def _find_generated(folder: Path, typed: str) -> Path:
    path = folder / Path(typed).name
    if Path(typed) != path or _find_seed(path) is None or not path.is_file():
        raise ConfigError(f"{Path(typed).name} is none of the class images that were drawn for this concept")
    return path


def make(place: Workplace, values: Values) -> dict[str, Any]:
    """Draw the class images that the model's settings ask for and that are not there yet."""
    return begin(place, prepare_with_config(place.library, asked_text(values, "name"), "classes"))


ACTIONS: dict[str, Action] = {
    "classes.list": list_classes,
    "classes.reject": reject,
    "classes.make": make,
}
