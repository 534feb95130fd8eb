"""Folders that appear whole or not at all; loads no torch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dreambooth.models.errors import CheckpointError


@contextmanager
def folder_appearing_whole(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` to fill, renamed at the end; an error or a kill leaves no ``folder``.

    What killed processes left is removed first.
    """
    if folder.exists():
        raise CheckpointError(f"{folder} already exists")
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        _remove_leftovers(folder)
        beside.mkdir(parents=True)
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be made: {error.strerror}") from error
    try:
        yield beside
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside)
        raise


def _remove_leftovers(folder: Path) -> None:
    for leftover in folder.parent.glob(f".{folder.name}.*.partial"):
        process = leftover.suffixes[-2].removeprefix(".")
        if process == str(os.getpid()) or (process.isdecimal() and not psutil.pid_exists(int(process))):
            shutil.rmtree(leftover)
