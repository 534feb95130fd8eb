"""What workers save is told to living webuis, which then look for it in their folders."""

from __future__ import annotations

import secrets
from pathlib import Path

from dreambooth.lending.hosts import HostFolder, living_hosts, read_note, write_note


def tell_saved(models_dir: Path, path: Path) -> None:
    """Tell every living webui of a file that is new or has changed."""
    for host in living_hosts(models_dir):
        write_note(host.saved / f"{secrets.token_hex(8)}.json", {"path": str(path)})


def take_saved(host: HostFolder) -> list[Path]:
    """The files that the webui has not heard of; taken, so that each is told once."""
    taken = []
    for note in sorted(host.saved.glob("*.json")):
        told = read_note(note)
        note.unlink(missing_ok=True)
        if told:
            taken.append(Path(told["path"]))
    return taken
