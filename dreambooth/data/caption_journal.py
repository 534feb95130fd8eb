"""Caption files changed in such a way that the change can be taken back.

A journal is a file of JSON lines, one for each caption file, written before the caption is: ``path``;
``before``, its bytes as UTF-8 with what is none escaped, null when there was no file; ``after``, its text.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.folders import written_whole
from dreambooth.data.errors import DataError

KEPT = 50
OPEN = ".jsonl"
TAKEN_BACK = ".undone"


@dataclass(frozen=True)
class Change:
    """A caption file, its content before, and its text from now on."""

    path: Path
    before: bytes | None  # None: there was no file
    after: str


@dataclass(frozen=True)
class Undone:
    """What became of a change that was taken back."""

    num_restored: int
    left: tuple[Path, ...]  # changed again since, so they were left as they are


def plan_change(file: Path, caption: str) -> Change:
    """What writing a caption into its file amounts to; raises DataError when the old one cannot be read."""
    return Change(file, _read_bytes(file), caption)


class Journal:
    """One change of many captions, kept in a folder of such journals."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old(folder)
        self.file = _free_file(folder)

    def write(self, changes: Iterable[Change], progress: Callable[[int], None] = lambda _: None) -> None:
        """Note the changes, then make them; ``progress`` hears how many are made."""
        changes = list(changes)
        if not changes:
            return
        self._note(changes)
        for number, change in enumerate(changes):
            progress(number)
            with written_whole(change.path) as file:
                file.write(change.after)

    def _note(self, changes: list[Change]) -> None:
        with self.file.open("a", encoding="ascii", newline="\n") as file:
            for change in changes:
                before = None if change.before is None else change.before.decode("utf-8", "surrogateescape")
                line = {"path": str(change.path), "before": before, "after": change.after}
                file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def find_last(folder: Path) -> Path | None:
    """The journal of the last change that was not taken back."""
    return max(folder.glob(f"*{OPEN}"), default=None)


def undo(journal: Path) -> Undone:
    """Put every caption file back that is still as the change left it; the journal stays, as taken back."""
    num_restored, left = 0, []
    for change in reversed(_read(journal)):
        found = _read_bytes(change.path)
        if found == change.before:
            continue
        if found != change.after.encode():
            left.append(change.path)
            continue
        _put_back(change)
        num_restored += 1
    journal.rename(journal.with_suffix(TAKEN_BACK))
    return Undone(num_restored, tuple(left))


def _put_back(change: Change) -> None:
    if change.before is None:
        change.path.unlink()
        return
    with written_whole(change.path, "wb") as file:
        file.write(change.before)


def _read(journal: Path) -> list[Change]:
    """The changes; a line that was cut off was never carried out."""
    changes = []
    for line in journal.read_text(encoding="ascii").split("\n")[:-1]:
        told = json.loads(line)
        before = None if told["before"] is None else told["before"].encode("utf-8", "surrogateescape")
        path = Path(told["path"])
        if path.suffix != ".txt":
            raise DataError(f"{journal} is no journal of captions: {path.name} is none")
        changes.append(Change(path, before, told["after"]))
    return changes


def _read_bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"the caption {path} cannot be read: {error.strerror}") from error


def _free_file(folder: Path) -> Path:
    """The name behind all others: names sort in the order of changes."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    numbers = (int(file.stem.rpartition("-")[2]) for file in folder.glob(f"{stamp}-*"))
    return folder / f"{stamp}-{max(numbers, default=-1) + 1:03d}{OPEN}"


def _remove_old(folder: Path) -> None:
    for old in sorted(folder.glob("*-*.*"))[: 1 - KEPT]:
        old.unlink()
