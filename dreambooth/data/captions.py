"""Words in files and in names of files."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from dreambooth.data.errors import DataError


@dataclass(frozen=True)
class Text:
    """What a file holds, and what should be told about how it was read."""

    text: str
    fault: str | None = None


def read_text(file: Path) -> Text:
    """The text of a file; UTF-8, and UTF-16 with its mark, as they are, all else as Windows-1252 with a word.

    Raises DataError when it cannot be opened.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error
    text, is_guessed = _decode(data)
    return Text(text, "is not UTF-8; it was read as Windows-1252: save it as UTF-8" if is_guessed else None)


def stem_to_caption(stem: str) -> str:
    """The words of a file name: from the first letter on up to an underscore.

    >>> stem_to_caption("0012_-a red ball_03")
    'a red ball'
    """
    words = re.sub(r"^[\d\-_\s]+", "", stem).partition("_")[0]
    return " ".join(words.split())


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
