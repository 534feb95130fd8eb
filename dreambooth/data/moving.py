"""Pictures put elsewhere together with their captions, without writing over anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

from dreambooth.data.listing import MASK_ENDINGS
from dreambooth.data.roots.source import CAPTION_SUFFIXES

COMPANIONS = (*CAPTION_SUFFIXES, *MASK_ENDINGS)


def free_stem(folder: Path, stem: str, suffixes: Iterable[str]) -> str:
    """``stem``, or with a number behind it, so that no file of these suffixes is there yet."""
    wanted = tuple(suffixes)
    return next(
        name for name in numbered(stem) if not any((folder / f"{name}{end}").exists() for end in wanted)
    )


def move_with_caption(picture: Path, folder: Path) -> Path:
    """Put a picture and the files that speak of it into a folder; returns where the picture is now."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = free_stem(folder, picture.stem, (picture.suffix, *COMPANIONS))
    for ending in COMPANIONS:
        companion = picture.with_name(f"{picture.stem}{ending}")
        if companion.is_file():
            shutil.move(companion, folder / f"{stem}{ending}")
    place = folder / f"{stem}{picture.suffix}"
    shutil.move(picture, place)
    return place


def numbered(stem: str) -> Iterator[str]:
    """The stem, and then with one number after the other behind it."""
    yield stem
    yield from (f"{stem}_{number}" for number in count(2))
