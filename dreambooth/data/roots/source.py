"""A file that may be a picture, and where what is said of it stands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreambooth.data.listing import Skipped
from dreambooth.data.roots.said import Said

CAPTION_SUFFIXES = (".txt", ".caption", ".yml", ".yaml")  # of files beside a picture; the last goes first


@dataclass(frozen=True, kw_only=True)
class Around:
    """What holds for all pictures of a folder or list, said by its files and by those above."""

    said: tuple[tuple[Path, Said], ...] = ()  # words and where they stand, the nearest first
    options: Mapping[str, Any] = field(default_factory=dict)
    quota: str = ""  # which pictures share the multiplier
    otherwise: str | None = None  # the caption of those that have none; None: their names
    prefix: str = ""  # what stands in front of every caption
    suffix: str = ""  # and behind it
    captions: str | None = None  # the one suffix of caption files that are read


NOTHING = Around()


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that is named as a picture; nothing of it was opened."""

    path: Path
    name: str  # for people: its place in the folder or list
    beside: tuple[Path, ...] = ()  # its caption files, in the order of CAPTION_SUFFIXES
    around: Around = NOTHING
    own: Said | None = None  # what a list says of it alone
    own_file: Path | None = None  # the list

    @property
    def has_words(self) -> bool:
        """Whether something but its name seems to say its caption; no file is opened for that."""
        return bool(self.beside or self.around.said or (self.own and self.own.has_words))


def is_preserved(source: Source) -> bool:
    """Whether it lies among pictures that keep the model as it is."""
    return bool(source.around.options.get("is_preservation"))


@dataclass(frozen=True)
class Root:
    """What a folder or list holds, in order, and what there is to tell about it."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every picture once, though a list may name one several times."""
        return tuple(dict.fromkeys(source.path for source in self.sources))


def join_roots(roots: Iterable[Root]) -> Root:
    """One root after the other."""
    roots = tuple(roots)
    return Root(
        tuple(source for root in roots for source in root.sources),
        tuple(skipped for root in roots for skipped in root.skipped),
        tuple(dict.fromkeys(warning for root in roots for warning in root.warnings)),
    )


def find_named(folder: Path, name: str) -> Path:
    """Where a name in a list leads to; lists from Windows have other slashes."""
    return Path(os.path.normpath(folder / name.strip().replace("\\", "/")))


def find_beside(stem: str, folder: Path, names: Mapping[str, str]) -> tuple[Path, ...]:
    """The caption files of a picture among the ``names`` of its folder, which are keyed by small letters."""
    wanted = (names.get(f"{stem.lower()}{suffix}") for suffix in CAPTION_SUFFIXES)
    return tuple(folder / name for name in wanted if name and name.lower() not in FOLDER_FILES)


# Files that speak of a whole folder, and so are no captions of a picture.
FOLDER_FILES = frozenset(
    f"{name}.{suffix}"
    for suffix, names in {
        "txt": ("multiply", "cond_dropout", "flip_p", "loss_scale", "batch_id", "shuffle_tags"),
        "yaml": ("local", "global"),
        "yml": ("local", "global"),
    }.items()
    for name in names
)
