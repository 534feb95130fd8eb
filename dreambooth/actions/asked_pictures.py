"""What a request about pictures names: a folder or list, and single pictures of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dreambooth.actions.asked import asked_path
from dreambooth.actions.workplace import Values
from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.source import CAPTION_SUFFIXES, Root, Source


def asked_root(values: Values) -> Root:
    """What the ``folder``, which may be a list, holds; raises DataError."""
    return list_root(asked_path(values, "folder"))


def find_sources(values: Values, paths: Iterable[Path]) -> list[Source]:
    """What is said of these pictures in the ``folder``; without one, by the files beside them alone."""
    paths = list(paths)
    known: dict[Path, Source] = {}
    if "folder" in values:
        known = {source.path: source for source in reversed(asked_root(values).sources)}
    return [known.get(path) or _alone(path) for path in paths]


def _alone(path: Path) -> Source:
    files = (path.with_suffix(suffix) for suffix in CAPTION_SUFFIXES)
    return Source(path=path, name=path.name, beside=tuple(file for file in files if file.exists()))
