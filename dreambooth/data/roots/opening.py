"""What a path names: a folder of pictures, a list of pictures or of such places, a dataset of kohya's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dreambooth.config.folders import DATASET_LISTS
from dreambooth.data.errors import DataError
from dreambooth.data.listing import is_named_as_picture
from dreambooth.data.roots.folders import list_folder
from dreambooth.data.roots.kohya_toml import list_datasets, list_toml
from dreambooth.data.roots.manifest import (
    IMAGE_KEYS,
    list_entries,
    list_metadata,
    names_picture,
    read_json,
    read_json_lines,
)
from dreambooth.data.roots.source import Root, find_named, join_roots


def list_root(place: Path) -> Root:
    """What a folder or list holds, without opening a picture; raises DataError in words."""
    return _list(place, ())


def _list(place: Path, within: tuple[Path, ...]) -> Root:
    """``within``: the lists that name this one, the outermost first."""
    suffix = place.suffix.lower()
    if suffix not in DATASET_LISTS or place.is_dir():
        return list_folder(place)
    if not place.is_file():
        raise DataError(f"the list {place} does not exist")
    if place.resolve() in within:
        raise DataError(f"{place} names itself; take it out of the list")
    within = (*within, place.resolve())
    if suffix == ".toml":
        return list_toml(place)
    if suffix == ".jsonl":
        return list_entries(place, read_json_lines(place))
    return _list_json(place, read_json(place), within)


def _list_json(file: Path, content: object, within: tuple[Path, ...]) -> Root:
    if isinstance(content, Mapping) and isinstance(content.get("datasets"), list):
        return list_datasets(file, content)
    if isinstance(content, Mapping) and "resolver" not in content:
        return list_metadata(file, content)
    members = content if isinstance(content, list) else [content]
    if members and all(names_picture(each) for each in members):
        return list_entries(file, members)
    if any(names_picture(each) for each in members) and not all(_names_place(each) for each in members):
        return list_entries(file, members)  # which tells of the entries without a picture
    return join_roots(_list_member(file, each, within) for each in members)


def _names_place(member: object) -> bool:
    return isinstance(member, str) or (isinstance(member, Mapping) and "resolver" in member)


def _list_member(file: Path, member: object, within: tuple[Path, ...]) -> Root:
    if isinstance(member, str) and member.strip():
        place = find_named(file.parent, member)
        if is_named_as_picture(place) and not place.is_dir():
            raise DataError(f'{file}: {member} is a picture; write it as {{"image": "{member}"}}')
        return _list(place, within)
    if isinstance(member, Mapping) and (resolve := RESOLVERS.get(str(member.get("resolver")))):
        return join_roots(_list_member(file, each, within) for each in resolve(file, member))
    keys = ", ".join(IMAGE_KEYS)
    raise DataError(
        f"{file} names neither folders and lists nor pictures: it may hold paths, objects with one of "
        f'{keys}, or {{"resolver": "multi", "resolvers": [...]}}'
    )


def _one_path(file: Path, member: Mapping[str, Any]) -> Iterator[object]:
    path = member.get("path")
    if not isinstance(path, str) or not path.strip():
        raise DataError(f"{file}: a resolver lacks its path")
    yield path


def _many(file: Path, member: Mapping[str, Any]) -> Iterator[object]:
    resolvers = member.get("resolvers")
    if not isinstance(resolvers, list):
        raise DataError(f'{file}: "multi" lacks its list of resolvers')
    yield from resolvers


RESOLVERS: dict[str, Callable[[Path, Mapping[str, Any]], Iterator[object]]] = {
    "directory": _one_path,
    "json": _one_path,
    "multi": _many,
}
