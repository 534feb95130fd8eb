"""What names of files and folders tell, without opening them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from dreambooth.data.errors import DataError

REJECTED = ".rejected"  # ``class_SEED.rejected``: this class image is not wanted, and not to be drawn again
MASK_ENDINGS = ("-masklabel.png", ".mask.png")  # behind the stem of the picture
WITHOUT_A_WORD = (".txt", ".caption", ".yaml", ".yml", REJECTED)


@dataclass(frozen=True)
class Skipped:
    """A file or sub-folder that is left out, and why."""

    path: Path
    reason: str


def in_order(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """What is left out, in the natural order of the paths."""
    return tuple(sorted(skipped, key=lambda file: natural_order(file.path.as_posix())))


def describe_unknown(name: str) -> str:
    """Why a file of this name, which is no picture, is left out; empty when there is nothing to say of it."""
    if name.lower().endswith((*WITHOUT_A_WORD, *MASK_ENDINGS)):
        return ""
    return f"{Path(name).suffix or 'no suffix'}: not a picture format that is read here"


def is_named_as_picture(path: Path) -> bool:
    """Whether the suffix is that of a format that is read here."""
    return path.suffix.lower() in readable_suffixes()


def is_side_file(path: Path) -> bool:
    """Whether a file says something of the picture beside it, as a mask, and is none itself.

    >>> [is_side_file(Path(name)) for name in ("dog.png", "dog.mask.png", "dog-masklabel.png")]
    [False, True, True]
    """
    return path.name.lower().endswith(MASK_ENDINGS)


def natural_order(text: str) -> tuple[list[str | int], str]:
    """Numbers by their value, letters whatever their case: a2 before A10."""
    pieces = re.split(r"(\d+)", text.casefold())  # every second piece is a number
    return [int(piece) if index % 2 else piece for index, piece in enumerate(pieces)], text


def check_readable(folder: Path) -> None:
    """Raises DataError, in words, when the folder cannot be read."""
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


def walk_folders(folder: Path, skipped: list[Skipped]) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Each folder from here down with the names of its folders and files, without the hidden ones.

    Links are followed, but into each real folder once; unreadable folders are noted in ``skipped``.
    """

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
        yield Path(root), inside, [name for name in files if not name.startswith(".")]


@cache
def readable_suffixes() -> tuple[str, ...]:
    """Suffixes of the picture formats that are read here, in small letters."""
    Image.init()
    return tuple(sorted(end for end, form in Image.registered_extensions().items() if form in Image.OPEN))
