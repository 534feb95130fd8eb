"""Which files of a folder have the name of a picture, without opening them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from dreambooth.data.errors import DataError

REJECTED = ".rejected"  # ``class_SEED.rejected``: this class image is not wanted, and not to be drawn again
MASK_ENDINGS = ("-masklabel", ".mask")  # ``dog-masklabel.png`` or ``dog.mask.png`` is the mask of ``dog.jpg``
WITHOUT_A_WORD = {".txt", REJECTED}


@dataclass(frozen=True)
class Skipped:
    """A file or sub-folder that is left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Listed:
    """Files that may be pictures, and what cannot be one, both in the natural order of their paths."""

    pictures: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


def list_files(folder: Path) -> Listed:
    """Every file in ``folder`` and its sub-folders that is named as a picture.

    Hidden files and folders (``.x``, ``._x``) and ``.txt`` captions are passed over without a word; whatever
    else cannot be used is listed. Raises DataError when the folder itself cannot be read.
    """
    _check_readable(folder)
    suffixes = _readable_suffixes()
    pictures: list[Path] = []
    skipped: list[Skipped] = []
    for path in _walk(folder, skipped):
        suffix = path.suffix.lower()
        if is_side_file(path):
            continue
        if suffix in suffixes:
            pictures.append(path)
        elif suffix not in WITHOUT_A_WORD:
            reason = f"{path.suffix or 'no suffix'}: not a picture format that is read here"
            skipped.append(Skipped(path, reason))
    pictures.sort(key=lambda path: natural_order(path.relative_to(folder)))
    return Listed(tuple(pictures), in_order(skipped, folder))


def in_order(skipped: list[Skipped], folder: Path) -> tuple[Skipped, ...]:
    """What is left out of a folder in the natural order of its paths."""
    return tuple(sorted(skipped, key=lambda file: natural_order(file.path.relative_to(folder))))


def is_named_as_picture(path: Path) -> bool:
    """Whether the suffix is that of a format that is read here."""
    return path.suffix.lower() in _readable_suffixes()


def is_side_file(path: Path) -> bool:
    """Whether a file says something of the picture beside it, as a mask, and is none itself.

    >>> [is_side_file(Path(name)) for name in ("dog.png", "dog.mask.png", "dog-masklabel.png")]
    [False, True, True]
    """
    return path.stem.lower().endswith(MASK_ENDINGS)


def natural_order(path: Path) -> tuple[list[str | int], str]:
    """Numbers by their value, letters whatever their case: a2 before A10."""
    text = path.as_posix()
    pieces = re.split(r"(\d+)", text.casefold())  # every second piece is a number
    return [int(piece) if index % 2 else piece for index, piece in enumerate(pieces)], text


def _check_readable(folder: Path) -> None:
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError:
        raise DataError(f"the folder {folder} does not exist") from None
    except NotADirectoryError:
        raise DataError(f"{folder} is a file, not a folder of pictures") from None
    except PermissionError:
        raise DataError(f"there is no permission to read the folder {folder}") from None
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read: {error.strerror}") from error


def _walk(folder: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Files that are not hidden, through links but into each real folder once; notes unreadable folders."""

    def note(error: OSError) -> None:
        skipped.append(Skipped(Path(error.filename), error.strerror or "cannot be read"))

    visited = {folder.resolve()}
    for root, names, files in os.walk(folder, followlinks=True, onerror=note):
        inside = []
        for name in sorted(name for name in names if not name.startswith(".")):
            real = Path(root, name).resolve()
            if real not in visited:
                visited.add(real)
                inside.append(name)
        names[:] = inside
        yield from (Path(root, name) for name in files if not name.startswith("."))


def _readable_suffixes() -> frozenset[str]:
    Image.init()
    return frozenset(suffix for suffix, form in Image.registered_extensions().items() if form in Image.OPEN)
