"""Which pictures lie in a folder, and which files there cannot be used and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dreambooth.data.errors import PictureError
from dreambooth.data.file_memory import FileMemory
from dreambooth.data.listing import Skipped, in_order, list_files
from dreambooth.data.pictures import load_picture

MIN_SIDE_PX = 8  # below this a picture is not one latent wide
HASH_CHUNK_BYTES = 1 << 20
MOST_REMEMBERED = 100_000


@dataclass(frozen=True)
class ImageInfo:
    """A picture that can be used; its size is that after turning it upright."""

    path: Path
    width_px: int
    height_px: int
    content_hash: str  # SHA-256 of the file's bytes


@dataclass(frozen=True)
class Found:
    """What a folder holds, in the natural order of the paths inside it."""

    images: tuple[ImageInfo, ...]
    skipped: tuple[Skipped, ...]


_INSPECTED: FileMemory[ImageInfo] = FileMemory(MOST_REMEMBERED)


def find_images(folder: Path) -> Found:
    """Every picture in ``folder`` and its sub-folders, each decoded once to know that it is whole.

    Hidden files and folders (``.x``, ``._x``), ``.txt`` captions and the marks of rejected class images are
    passed over without a word; whatever else cannot be used is listed. Raises DataError when the folder
    itself cannot be read.
    """
    listed = list_files(folder)
    looked_at = [_look_at(path) for path in listed.pictures]
    damaged = [entry for entry in looked_at if isinstance(entry, Skipped)]
    images = tuple(entry for entry in looked_at if isinstance(entry, ImageInfo))
    return Found(images, in_order([*listed.skipped, *damaged], folder))


def inspect_image(path: Path) -> ImageInfo:
    """Size and hash of a picture; raises PictureError when it cannot be decoded or is too small to train.

    What is known of a picture is remembered until the time or length of its file changes.
    """
    try:
        return _INSPECTED.recall(path, lambda: _inspect(path))
    except OSError:
        return _inspect(path)  # which says what is wrong with it


def hash_file(path: Path) -> str:
    """SHA-256 of the file's bytes in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _look_at(path: Path) -> ImageInfo | Skipped:
    try:
        return inspect_image(path)
    except PictureError as error:
        return Skipped(path, error.reason)


def _inspect(path: Path) -> ImageInfo:
    width, height = load_picture(path).size
    if min(width, height) < MIN_SIDE_PX:
        raise PictureError(path, f"{width}×{height} px is too small, the shorter side needs {MIN_SIDE_PX} px")
    return ImageInfo(path, width, height, hash_file(path))
