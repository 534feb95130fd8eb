"""Where a picture's caption is changed: one file of text, or nowhere but by hand."""

from __future__ import annotations

from pathlib import Path

from dreambooth.data.errors import DataError
from dreambooth.data.roots.reading import Words
from dreambooth.data.roots.source import Source

TEXTS = (".txt", ".caption")


def find_caption_file(source: Source, words: Words) -> Path:
    """The file that holds the picture's caption, or will; raises DataError when no single text does."""
    if fault := find_fault(source, words):
        raise DataError(f"{source.name}: {fault}")
    return words.files[0] if words.files else source.path.with_suffix(source.around.captions or ".txt")


def find_fault(source: Source, words: Words) -> str:
    """Why the caption cannot be changed here; empty when it can."""
    if source.around.prefix or source.around.suffix:
        return "a dataset file puts words around its caption; change them there"
    is_text = all(file in source.beside and file.suffix.lower() in TEXTS for file in words.files)
    if len(words.files) > 1 or not is_text:
        names = " and ".join(file.name for file in words.files)
        return f"its caption comes from {names}; change it there"
    if source.around.captions not in (None, *TEXTS):
        return f"its caption is read from a {source.around.captions} file; write one"
    return ""
