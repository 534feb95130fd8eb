"""Which pictures lie in a folder, and which files there cannot be used and why."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from dreambooth.data.errors import DataError, PictureError
from dreambooth.data.pictures import load_picture

MIN_SIDE_PX = 8  # below this a picture is not one latent wide
HASH_CHUNK_BYTES = 1 << 20
REJECTED = ".rejected"  # ``class_SEED.rejected``: this class image is not wanted, and not to be drawn again
PASSED_OVER = (".txt", REJECTED)


@dataclass(frozen=True)
class ImageInfo:
    """A picture that can be used; its size is that after turning it upright."""

    path: Path
    width_px: int
    height_px: int
    content_hash: str  # SHA-256 of the file's bytes


@dataclass(frozen=True)
class Skipped:
    """A file or sub-folder that is left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Found:
    """What a folder holds, in the natural order of the paths inside it."""

    images: tuple[ImageInfo, ...]
    skipped: tuple[Skipped, ...]


def find_images(folder: Path) -> Found:
    """Every picture in ``folder`` and its sub-folders, each decoded once to know that it is whole.

    Hidden files and folders (``.x``, ``._x``), ``.txt`` captions and the marks of rejected class images are
    passed over without a word; whatever else cannot be used is listed. Raises DataError when the folder
    itself cannot be read.
    """
    _check_readable(folder)
    suffixes = _readable_suffixes()
    images: list[ImageInfo] = []
    skipped: list[Skipped] = []
    for path in _walk(folder, skipped):
        if path.suffix.lower() in PASSED_OVER:
            continue
        if path.suffix.lower() not in suffixes:
            skipped.append(
                Skipped(path, f"{path.suffix or 'no suffix'}: not a picture format that is read here")
            )
            continue
        try:
            images.append(inspect_image(path))
        except PictureError as error:
            skipped.append(Skipped(path, error.reason))
    images.sort(key=lambda image: _natural_order(image.path.relative_to(folder)))
    skipped.sort(key=lambda file: _natural_order(file.path.relative_to(folder)))
    return Found(tuple(images), tuple(skipped))


def inspect_image(path: Path) -> ImageInfo:
    """Size and hash of a picture; raises PictureError when it cannot be decoded or is too small to train."""
    width, height = load_picture(path).size
    if min(width, height) < MIN_SIDE_PX:
        raise PictureError(path, f"{width}×{height} px is too small, the shorter side needs {MIN_SIDE_PX} px")
    return ImageInfo(path, width, height, hash_file(path))


def hash_file(path: Path) -> str:
    """SHA-256 of the file's bytes in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


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


def _natural_order(path: Path) -> tuple[list[str | int], str]:
    """Numbers by their value, letters whatever their case: a2 before A10."""
    text = path.as_posix()
    pieces = re.split(r"(\d+)", text.casefold())  # every second piece is a number
    return [int(piece) if index % 2 else piece for index, piece in enumerate(pieces)], text
