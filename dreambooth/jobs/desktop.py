"""Opens folders in the file manager of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dreambooth.config.store import ConfigError

OPENERS = {"darwin": "open", "linux": "xdg-open"}


def open_folder(path: Path, *, is_local: bool) -> None:
    """Show a folder; raises ConfigError, with its path, where nobody would see it."""
    if not is_local:
        raise ConfigError(f"the folder lies on another machine than this page: {path}")
    if sys.platform == "win32":
        os.startfile(path)  # type: ignore[attr-defined]
        return
    opener = shutil.which(OPENERS.get(sys.platform, "xdg-open"))
    if opener is None or not _has_desktop():
        raise ConfigError(f"there is no desktop here that could show the folder: {path}")
    subprocess.Popen([opener, str(path)], stdin=subprocess.DEVNULL, start_new_session=True)


def _has_desktop() -> bool:
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
