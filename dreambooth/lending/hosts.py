"""The webuis that work beside the trainer: each holds the lock of a folder of its own as long as it lives."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.folders import written_whole
from dreambooth.locks import file_lock, is_locked

HOSTS = ".hosts"
BEGINNING_SECONDS = 60.0  # in which a folder may be there and its lock not yet held


@dataclass(frozen=True)
class HostFolder:
    """``.hosts/ID``: what is asked of one webui, and what it answers."""

    path: Path

    @property
    def lock_file(self) -> Path:
        """Held by the webui as long as it lives."""
        return self.path / "host.lock"

    @property
    def about_file(self) -> Path:
        """Which webui it is."""
        return self.path / "about.json"

    @property
    def lent_file(self) -> Path:
        """The loan to which the webui has given the device."""
        return self.path / "lent.json"

    @property
    def order_file(self) -> Path:
        """Pictures that the webui is to draw."""
        return self.path / "order.json"

    @property
    def answer_file(self) -> Path:
        """What became of the pictures."""
        return self.path / "answer.json"

    @property
    def saved(self) -> Path:
        """A note for each file that was saved and that the webui has not heard of."""
        return self.path / "saved"

    def is_alive(self) -> bool:
        """Whether the webui lives."""
        return is_locked(self.lock_file)

    def load_name(self) -> str:
        """What people call this webui."""
        told = read_note(self.about_file)
        return str(told["name"]) if told else "the webui"


def read_note(path: Path) -> dict[str, Any] | None:
    """What a file says; None when it is not there (any more)."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told if isinstance(told, dict) else None


def write_note(path: Path, told: Mapping[str, object]) -> None:
    """Say something that appears whole."""
    with written_whole(path) as file:
        json.dump(told, file, ensure_ascii=False)


@contextmanager
def announced(models_dir: Path, name: str) -> Iterator[HostFolder]:
    """Be known as a webui that works beside the trainer, until the context ends or the process dies."""
    _remove_dead(models_dir)
    folder = HostFolder(models_dir / HOSTS / f"{os.getpid()}-{secrets.token_hex(4)}")
    write_note(folder.about_file, {"name": name})
    with file_lock(folder.lock_file, waiting=lambda: None):
        yield folder
    shutil.rmtree(folder.path, ignore_errors=True)


def living_hosts(models_dir: Path) -> list[HostFolder]:
    """The webuis that live, in the order of their names."""
    folders = (HostFolder(path) for path in sorted((models_dir / HOSTS).glob("*-*")))
    return [folder for folder in folders if folder.is_alive()]


def _remove_dead(models_dir: Path) -> None:
    for path in (models_dir / HOSTS).glob("*-*"):
        folder = HostFolder(path)
        try:
            age_seconds = time.time() - path.stat().st_mtime
        except FileNotFoundError:  # another webui was faster
            continue
        if age_seconds > BEGINNING_SECONDS and not folder.is_alive():
            shutil.rmtree(path, ignore_errors=True)
