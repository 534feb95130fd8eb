"""Which files a page may see and change: those of models, of concepts, and of folders that it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dreambooth.actions.asked import asked_text, asked_texts, typed_path
from dreambooth.actions.workplace import Values, Workplace
from dreambooth.config.store import ConfigError
from dreambooth.data.errors import DataError
from dreambooth.data.listing import is_named_as_picture
from dreambooth.data.roots.opening import list_root


@contextmanager
def refusing_bad_data() -> Iterator[None]:
    """Pictures and folders that cannot be used are a refusal."""
    try:
        yield
    except DataError as error:
        raise ConfigError(str(error)) from None


class Reach:
    """The files that a request may see: ours, what the form names, uploads, and the folders of all concepts.

    The form's folders are those under ``folders`` and ``folder``.
    """

    def __init__(self, place: Workplace, values: Values) -> None:
        self._known: list[Path] = []
        self._others = _open_folders(place, values)  # models are read only where the rest does not reach

    def picture(self, typed: str) -> Path:
        """The path of a picture within reach; raises ConfigError for all other files."""
        path = typed_path(typed, "path")
        if not is_named_as_picture(path):
            raise ConfigError(f"{path.name} is not named as a picture")
        if not self._holds(path):
            raise ConfigError(f"{path.name} lies in none of the folders that are open here")
        return path

    def _holds(self, path: Path) -> bool:
        if any(path.is_relative_to(folder) for folder in self._known):
            return True
        for folder in self._others:
            self._known.append(folder)
            if path.is_relative_to(folder):
                return True
        return False


def asked_pictures(place: Workplace, values: Values) -> list[Path]:
    """All of ``paths``, which must be there; raises ConfigError."""
    reach = Reach(place, values)
    paths = [reach.picture(typed) for typed in asked_texts(values, "paths")]
    if gone := [path.name for path in paths if not path.is_file()]:
        raise ConfigError(f"paths: not there any more: {', '.join(gone)}")
    return paths


def _open_folders(place: Workplace, values: Values) -> Iterator[Path]:
    yield typed_path(str(place.library.path), "folder")
    named = asked_texts(values, "folders", [])
    if "folder" in values:
        named = [*named, asked_text(values, "folder")]
    for folder in named:
        if folder.strip():
            yield from _opened(typed_path(folder, "folders"))
    yield from (typed_path(str(folder), "folder") for folder in place.upload_folders)
    for name in place.library.names():
        yield from _concept_folders(place, name)


def _concept_folders(place: Workplace, name: str) -> Iterator[Path]:
    try:
        concepts = place.library.load(name).config.concepts
    except ConfigError:
        return  # a model that cannot be read names no folders
    for concept in concepts:
        for folder in (concept.instance_data_dir, concept.class_data_dir, concept.preservation_data_dir):
            if folder.strip():
                yield from _opened(typed_path(folder, "folder"))


def _opened(place: Path) -> Iterator[Path]:
    """A folder, or the folders of the pictures that a list names."""
    if not place.is_file():
        yield place
        return
    try:
        yield from {path.parent for path in list_root(place).paths}
    except DataError:
        return  # a list that cannot be read names none
