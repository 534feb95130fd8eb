"""The hashes by which webuis know a checkpoint."""

from __future__ import annotations

import hashlib
from pathlib import Path

LEGACY_BEGIN, LEGACY_LENGTH = 0x100000, 0x10000


def sha256_of_file(path: Path) -> str:
    """By which webuis know a checkpoint."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def legacy_hash(path: Path) -> str:
    """By which the first webuis knew a checkpoint: of 64 KiB at one MiB; all small files have the same."""
    with path.open("rb") as file:
        file.seek(LEGACY_BEGIN)
        return hashlib.sha256(file.read(LEGACY_LENGTH)).hexdigest()[:8]
