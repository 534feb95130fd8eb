"""Which files of an old model folder are brought along, where to, and what stays behind and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreambooth.migration.folder import CONFIG_FILE, OldFolder

CONFIG_BACKUP = "backups/db_config.sd_dreambooth_extension.json"
REPORT_FILE = "backups/migration.json"
WEIGHTS = "working"
# Previews get a folder of their own: their numbers count images, and ours would write over some of them.
COPIED = {"samples": "samples/imported", "logging": "logging", "backups": "backups"}
REASONS = {
    "checkpoints": "states of the old extension cannot be resumed",
    "loras": "LoRA files in a form of its own; a checkpoint with one merged in can be made a model of",
    "cache": "latents are encoded anew",
    "working_temp": "was left by previews",
    "bucket_counts.json": "is counted anew",
    "token_counts.json": "is counted anew",
}
OTHER_REASON = "is nothing that a model of this trainer has"
AVERAGE = "working/ema_unet"


@dataclass(frozen=True)
class Copy:
    """A file or folder, and where it goes in the new model's folder."""

    source: Path
    place: str


@dataclass(frozen=True)
class Left:
    """What stays in the old folder alone."""

    name: str
    reason: str


@dataclass(frozen=True)
class FilePlan:
    """What becomes of everything in an old folder but its weights."""

    copies: tuple[Copy, ...]
    left: tuple[Left, ...]

    @property
    def num_bytes(self) -> int:
        """Size of what is copied."""
        files = (file for copy in self.copies for file in (copy.source, *copy.source.rglob("*")))
        return sum(file.stat().st_size for file in files if file.is_file())


def plan_files(old: OldFolder, class_folders: Sequence[int]) -> FilePlan:
    """The plan; ``class_folders`` has for each concept the number of its class images in the old folder."""
    class_copies = [
        Copy(old.classifiers(number), f"classifiers_{concept}")
        for concept, number in enumerate(class_folders)
        if old.classifiers(number).is_dir()
    ]
    others = [Copy(old.path / name, place) for name, place in COPIED.items() if (old.path / name).is_dir()]
    copies = (Copy(old.config_file, CONFIG_BACKUP), *class_copies, *others)
    return FilePlan(copies, tuple(_find_left(old, {copy.source.name for copy in copies})))


def _find_left(old: OldFolder, copied: set[str]) -> Iterator[Left]:
    for path in sorted(old.path.iterdir()):
        if path.name in copied or path.name in (WEIGHTS, CONFIG_FILE):
            continue
        is_class_folder = re.fullmatch(r"classifiers_\d+", path.name)
        reason = "belongs to no concept" if is_class_folder else REASONS.get(path.name, OTHER_REASON)
        yield Left(path.name, reason)
    if (old.path / AVERAGE).is_dir():
        yield Left(AVERAGE, "the weights themselves are taken, which are meant to be trained further")
