"""Hashes of files, as the hosts know them by a title."""

import hashlib
from pathlib import Path

_known: dict[str, tuple[float, str]] = {}


def sha256_from_cache(filename: str, title: str) -> str | None:
    """What was computed before; None when the file is newer, or was never asked for."""
    when, found = _known.get(title, (0.0, ""))
    return found if found and Path(filename).stat().st_mtime <= when else None


def sha256(filename: str, title: str) -> str:
    found = sha256_from_cache(filename, title) or hashlib.sha256(Path(filename).read_bytes()).hexdigest()
    _known[title] = (Path(filename).stat().st_mtime, found)
    return found
