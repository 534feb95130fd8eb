"""The folders under extensions/, whatever they are called, and files in them."""

from pathlib import Path
from typing import NamedTuple

from modules.paths_internal import extensions_builtin_dir, extensions_dir


class ScriptFile(NamedTuple):
    """A file of an extension."""

    basedir: str
    filename: str
    path: str


def active() -> list[str]:
    """All extensions, the built-in ones first, in the order of their names."""
    folders = [Path(extensions_builtin_dir), Path(extensions_dir)]
    return [str(path) for folder in folders for path in sorted(folder.glob("*")) if path.is_dir()]


def list_files(subfolder: str, suffix: str) -> list[ScriptFile]:
    """Files at the top of that folder of every extension, in the order of their names."""
    return [
        ScriptFile(extension, path.name, str(path))
        for extension in active()
        for path in sorted((Path(extension) / subfolder).glob(f"*{suffix}"))
        if path.is_file()
    ]
