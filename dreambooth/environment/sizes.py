"""How much disk environments take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from dreambooth.environment.versions import Environment, find_environments

DOWNLOADS = "downloads"  # a folder in the environment, there while packages are fetched


def environment_bytes(environment: Environment) -> int:
    """The size of an environment; of one of an earlier release without those that lie in its folder."""
    others = [each for each in find_environments() if each.folder.parent == environment.folder]
    return folder_bytes(environment.folder) - sum(folder_bytes(each.folder) for each in others)


def downloaded_bytes(environment: Environment) -> int:
    """How much has been fetched of what is being installed now."""
    return folder_bytes(environment.folder / DOWNLOADS)


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder, links not followed; what vanishes meanwhile counts nothing."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(path, name).lstat().st_size
    return total
