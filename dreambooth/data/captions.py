"""What a picture shows, in words: from the text file beside it, or from its name."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from dreambooth.data.errors import DataError


@dataclass(frozen=True)
class Caption:
    """One line of text, and what should be told about how it was read."""

    text: str
    warning: str | None = None


def read_caption(image: Path) -> Caption:
    """A picture's caption: the ``.txt`` of the same stem, joined to one line, else the words of its name.

    UTF-8, and UTF-16 with its mark, are taken as they are; all else is read as Windows-1252 with a warning.
    Raises DataError when the file is there and cannot be opened.
    """
    file = image.with_suffix(".txt")
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return Caption(stem_to_caption(image.stem))
    except OSError as error:
        raise DataError(f"the caption {file} cannot be read: {error.strerror}") from error
    text, is_guessed = _decode(data)
    warning = f"{file} is not UTF-8; it was read as Windows-1252: save it as UTF-8" if is_guessed else None
    return Caption(" ".join(text.split()), warning)


def stem_to_caption(stem: str) -> str:
    """The words of a file name: without the digits, dashes, underscores and spaces in front.

    >>> stem_to_caption("0012_-a red ball")
    'a red ball'
    """
    return " ".join(re.sub(r"^[\d\-_\s]+", "", stem).split())


def _decode(data: bytes) -> tuple[str, bool]:
    """The text, and whether its encoding had to be guessed."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), False
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), True
    except UnicodeDecodeError:  # five bytes mean nothing there; in Latin-1 every byte means something
        return data.decode("latin-1"), True
