"""Lists of pictures in JSON: EveryDream's list of objects, JSON Lines, and kohya's metadata by path.

Paths are relative to the file. A picture that is named twice with other words is two examples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreambooth.data.captions import read_text
from dreambooth.data.errors import DataError
from dreambooth.data.listing import Skipped, is_named_as_picture, is_side_file, readable_suffixes
from dreambooth.data.roots.reading import Fault, tell_faults
from dreambooth.data.roots.said import Said
from dreambooth.data.roots.said_files import read_said
from dreambooth.data.roots.source import (
    CAPTION_SUFFIXES,
    NOTHING,
    Around,
    Root,
    Source,
    find_beside,
    find_named,
)
from dreambooth.data.roots.told_values import say_values

IMAGE_KEYS = ("image", "image_path", "file_name")  # EveryDream, kohya, Hugging Face
CAPTION_KEYS = ("caption", "text")
# What kohya's tools found out about a picture and is found out here anew.
FOUND_OUT = ("image_size", "train_resolution", "original_size", "crop_ltrb", "latents_npz", "npz_file")


def read_json(file: Path) -> Any:  # noqa: ANN401 - whatever it holds
    """The content of a JSON file; raises DataError in words."""
    try:
        return json.loads(read_text(file).text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is not JSON: {error}") from None


def read_json_lines(file: Path) -> list[Any]:
    """The content of each line that is not empty; raises DataError with the number of a bad line."""
    return list(_parse_lines(file, read_text(file).text))


def names_picture(member: object) -> bool:
    """Whether a member of a list is an object that says which picture it is about."""
    return isinstance(member, Mapping) and any(isinstance(member.get(key), str) for key in IMAGE_KEYS)


def list_entries(
    file: Path, members: Iterable[object], folder: Path | None = None, around: Around = NOTHING
) -> Root:
    """The pictures of a list, each with what its object says; without words, with what lies beside it."""
    return _Reader(file, folder or file.parent, around).list(_name_all(members))


def list_metadata(
    file: Path, content: Mapping[str, Any], folder: Path | None = None, around: Around = NOTHING
) -> Root:
    """The pictures of kohya's metadata: a path, often without its suffix, and an object with the words."""
    if not all(isinstance(told, Mapping) for told in content.values()):
        raise DataError(
            f"{file} is not a list of pictures: it may hold a list of objects, paths of folders and lists, "
            'or kohya\'s metadata, {"path": {"caption": …}}'
        )
    return _Reader(file, folder or file.parent, around).list(content.items())


def _parse_lines(file: Path, text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{file}, line {number}, is not JSON: {error}") from None


def _name_all(members: Iterable[object]) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    for member in members:
        if isinstance(member, Mapping) and names_picture(member):
            key = next(key for key in IMAGE_KEYS if isinstance(member.get(key), str))
            yield member[key], member
        else:
            yield None, {}


class _Reader:
    """Makes sources of what a list names; knows the files of each folder that it asked for."""

    def __init__(self, file: Path, folder: Path, around: Around) -> None:
        self.file, self.folder, self.around = file, folder, around
        self._names: dict[Path, dict[str, str]] = {}
        self._faults: list[Fault] = []
        self._skipped: list[Skipped] = []

    def list(self, entries: Iterable[tuple[str | None, Mapping[str, Any]]]) -> Root:
        sources, num_nameless = [], 0
        for name, told in entries:
            if name is None or not name.strip():
                num_nameless += 1
            elif source := self._build(name.strip(), told):
                sources.append(source)
        nameless = [f"{self.file}: {num_nameless} entries name no picture"] if num_nameless else []
        return Root(tuple(sources), tuple(self._skipped), (*nameless, *tell_faults(self._faults)))

    def _build(self, name: str, told: Mapping[str, Any]) -> Source | None:
        path = self._find(name)
        if path is None or is_side_file(path):
            reason = "is no picture" if path else f"is named in {self.file.name} and not there"
            self._skipped.append(Skipped(find_named(self.folder, name), reason))
            return None
        own = self._say(told)
        beside = () if own.has_words else find_beside(path.stem, path.parent, self._files_of(path.parent))
        return Source(path=path, name=name, beside=beside, around=self.around, own=own, own_file=self.file)

    def _find(self, name: str) -> Path | None:
        """The picture of this name, which in kohya's metadata may lack its suffix."""
        path = find_named(self.folder, name)
        names = self._files_of(path.parent)
        if is_named_as_picture(path) and path.name.lower() in names:
            return path
        with_suffix = (names.get(path.name.lower() + suffix) for suffix in readable_suffixes())
        return next((path.parent / each for each in with_suffix if each), None)

    def _files_of(self, folder: Path) -> dict[str, str]:
        if folder not in self._names:
            try:
                self._names[folder] = {path.name.lower(): path.name for path in folder.iterdir()}
            except OSError:
                self._names[folder] = {}
        return self._names[folder]

    def _say(self, told: Mapping[str, Any]) -> Said:
        caption = next((told[key] for key in CAPTION_KEYS if told.get(key) is not None), None)
        values = {**told, "caption": caption}
        if isinstance(caption, str) and isinstance(
            told.get("tags"), str
        ):  # kohya's: one text behind the other
            values |= {"caption": ", ".join(filter(None, (caption, told["tags"]))), "tags": None}
        if isinstance(caption, str) and (file := self._find_caption(caption)):
            said = read_said(file)
            rest = say_values({**values, "caption": None}, known=(*IMAGE_KEYS, "text", *FOUND_OUT))
            said = replace(
                said,
                tags=said.tags + rest.tags,
                lines=() if rest.tags else said.lines,
                options={**said.options, **rest.options},
                faults=said.faults + rest.faults,
            )
        else:
            said = say_values(values, known=(*IMAGE_KEYS, "text", *FOUND_OUT))
        self._faults += [Fault(self.file, reason) for reason in said.faults]
        return replace(said, faults=())

    def _find_caption(self, caption: str) -> Path | None:
        """The file that a caption names in place of words."""
        if not caption.strip().lower().endswith(CAPTION_SUFFIXES) or "\n" in caption.strip():
            return None
        file = find_named(self.folder, caption)
        return file if file.name.lower() in self._files_of(file.parent) else None
