"""What is wrong with pictures, captions and folders."""

from __future__ import annotations

from pathlib import Path


class DataError(Exception):
    """Data that cannot be used as asked; the text is one sentence that names the file or folder."""


class PictureError(DataError):
    """One picture that cannot be used; ``reason`` does not repeat its path."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
