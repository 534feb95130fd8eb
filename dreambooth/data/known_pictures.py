"""What is known of pictures, kept in a file, so that the next process need not decode them all again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dreambooth.config.folders import written_whole
from dreambooth.data.file_memory import FileMemory, Version
from dreambooth.data.images import INSPECTED, ImageInfo

Line = tuple[str, int, int, int, int, str]  # path, time and length of the file, width, height, hash

_LOADED: FileMemory[dict[str, Line]] = FileMemory(4)  # files that this process has read


class KnownPictures:
    """A file of JSON lines, one for each picture; may be deleted at any time."""

    def __init__(self, file: Path) -> None:
        """Remember what the file says; a picture that has changed since is looked at again all the same."""
        self._file = file
        try:
            self._lines = _LOADED.recall(file, lambda: _load(file))
        except OSError:
            self._lines = {}

    def keep(self, paths: Iterable[Path]) -> None:
        """Write what is known of these pictures by now, unless that is what the file says."""
        known = ((path, INSPECTED.find(path)) for path in dict.fromkeys(paths))
        lines: dict[str, Line] = {}
        for path, found in known:
            if found is not None:
                version, info = found
                facts = (info.width_px, info.height_px, info.content_hash)
                lines[str(path)] = (str(path), version.mtime_ns, version.size_bytes, *facts)
        if lines == self._lines:
            return
        with written_whole(self._file) as file:
            file.writelines(json.dumps(line) + "\n" for line in lines.values())
        self._lines = lines


def _load(file: Path) -> dict[str, Line]:
    lines = {line[0]: line for line in _read(file)}
    for path, mtime_ns, size_bytes, width, height, content_hash in lines.values():
        info = ImageInfo(Path(path), width, height, content_hash)
        INSPECTED.remember(info.path, Version(mtime_ns, size_bytes), info)
    return lines


def _read(file: Path) -> list[Line]:
    """The lines that are whole; what is none is looked at again."""
    try:
        texts = file.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return []
    return [line for text in texts if text and (line := _parse(text)) is not None]


def _parse(text: str) -> Line | None:
    try:
        values: Any = json.loads(text)
    except ValueError:
        return None
    kinds = (str, int, int, int, int, str)
    is_line = isinstance(values, list) and len(values) == len(kinds)
    if not is_line or not all(map(isinstance, values, kinds)):
        return None
    path, mtime_ns, size_bytes, width, height, content_hash = values
    return path, mtime_ns, size_bytes, width, height, content_hash
