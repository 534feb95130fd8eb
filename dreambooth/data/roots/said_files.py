"""Files that say something of pictures, read once and remembered as long as they stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dreambooth.data.captions import read_text
from dreambooth.data.errors import DataError
from dreambooth.data.file_memory import FileMemory
from dreambooth.data.roots.said import Said, say_text
from dreambooth.data.roots.told_values import say_values

MOST_REMEMBERED = 100_000
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, ten times as fast where it is built

_READ: FileMemory[Said] = FileMemory(MOST_REMEMBERED)


def read_said(file: Path) -> Said:
    """What a text or yaml file says; raises DataError when it cannot be opened."""
    try:
        return _READ.recall(file, lambda: _read(file))
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error


def _read(file: Path) -> Said:
    text = read_text(file)
    faults = (text.fault,) if text.fault else ()
    if file.suffix.lower() not in (".yaml", ".yml"):
        said = say_text(text.text)
        return Said(prompt=said.prompt, tags=said.tags, lines=said.lines, faults=faults)
    try:
        values = yaml.load(text.text, Loader=LOADER)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: of a day that there is not
        return Said(faults=(*faults, f"is not yaml: {' '.join(str(error).split())}"))
    if values is None:
        return Said(faults=faults)
    if not isinstance(values, Mapping):
        return Said(faults=(*faults, "holds no main_prompt, tags, caption or options"))
    said = say_values(values)
    return Said(
        prompt=said.prompt,
        tags=said.tags,
        lines=said.lines,
        options=said.options,
        faults=(*faults, *said.faults),
    )
