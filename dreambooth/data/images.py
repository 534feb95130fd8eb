"""Which pictures a folder or list holds, and which files cannot be used and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dreambooth.data.errors import PictureError
from dreambooth.data.file_memory import FileMemory
from dreambooth.data.listing import Skipped, in_order
from dreambooth.data.pictures import load_picture
from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.source import Source

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
    """What a folder or list holds, in the order of the list, or the natural order of a folder's paths."""

    images: tuple[ImageInfo, ...]
    sources: tuple[Source, ...]  # of the images, one for each
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]


INSPECTED: FileMemory[ImageInfo] = FileMemory(MOST_REMEMBERED)


def find_images(place: Path) -> Found:
    """Every picture of a folder or list, each decoded once to know that it is whole.

    Whatever cannot be used is listed. Raises DataError when the folder or list itself cannot be read.
    """
    root = list_root(place)
    looked_at = [(source, _look_at(source.path)) for source in root.sources]
    damaged = tuple(entry for _, entry in looked_at if isinstance(entry, Skipped))
    return Found(
        images=tuple(entry for _, entry in looked_at if isinstance(entry, ImageInfo)),
        sources=tuple(source for source, entry in looked_at if isinstance(entry, ImageInfo)),
        skipped=in_order((*root.skipped, *damaged)),
        warnings=root.warnings,
    )


def inspect_image(path: Path) -> ImageInfo:
    """Size and hash of a picture; raises PictureError when it cannot be decoded or is too small to train.

    What is known of a picture is remembered until the time or length of its file changes.
    """
    try:
        return INSPECTED.recall(path, lambda: _inspect(path))
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
