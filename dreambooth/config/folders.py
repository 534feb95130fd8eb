"""Where things lie: a model's folder and a run's folder. Only relative paths inside, so both can be moved."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, overload

DATASET_LISTS = (".json", ".jsonl", ".toml")  # suffixes of files that name pictures
WEIGHT_FILES = {  # part → its weights, in ``working/``
    "unet": "unet/diffusion_pytorch_model.safetensors",
    "vae": "vae/diffusion_pytorch_model.safetensors",
    "text_encoder": "text_encoder/model.safetensors",
    "text_encoder_2": "text_encoder_2/model.safetensors",
}
FORBIDDEN_IN_NAMES = set('<>:"/\\|?*')


@dataclass(frozen=True)
class ModelFolder:
    """``models/dreambooth/NAME``; the names inside are those that users of the old extension know."""

    path: Path

    @property
    def name(self) -> str:
        """The model's name."""
        return self.path.name

    @property
    def config_file(self) -> Path:
        """All settings of the model, and what is known of it."""
        return self.path / "db_config.json"

    @property
    def working(self) -> Path:
        """The weights in diffusers layout."""
        return self.path / "working"

    @property
    def adapter_file(self) -> Path:
        """The adapter that belongs to the model, in full precision, when the last training made one."""
        return self.path / "adapter.safetensors"

    @property
    def samples(self) -> Path:
        """Previews."""
        return self.path / "samples"

    @property
    def logging(self) -> Path:
        """TensorBoard files."""
        return self.path / "logging" / "dreambooth"

    @property
    def backups(self) -> Path:
        """Earlier settings, and adapters that a training replaced."""
        return self.path / "backups"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints and LoRA files that training saved."""
        return self.path / "checkpoints"

    @property
    def known_pictures(self) -> Path:
        """What is known of the pictures of its concepts."""
        return self.cache / "pictures.jsonl"

    @property
    def snapshots(self) -> Path:
        """Whole models in diffusers layout that training saved."""
        return self.path / "snapshots"

    @property
    def cache(self) -> Path:
        """Latents, by the content of the pictures; may be deleted at any time."""
        return self.path / "cache"

    @property
    def runs(self) -> Path:
        """One folder for each job."""
        return self.path / "runs"

    def classifiers(self, index: int) -> Path:
        """Generated class images of a concept."""
        return self.path / f"classifiers_{index}"

    def is_model(self) -> bool:
        """Whether a model lives here."""
        return self.config_file.is_file()


@dataclass(frozen=True)
class RunFolder:
    """One job's folder; everything that passes between the worker and the rest is a file in it."""

    path: Path

    @property
    def config_file(self) -> Path:
        """What was asked, frozen."""
        return self.path / "config.json"

    @property
    def events_file(self) -> Path:
        """What happened, one JSON object a line, append-only."""
        return self.path / "events.jsonl"

    @property
    def requests(self) -> Path:
        """What is asked of the worker now."""
        return self.path / "requests"

    @property
    def changes_file(self) -> Path:
        """Settings that were changed while it trained, with the steps from which they count."""
        return self.path / "changes.json"

    @property
    def log_file(self) -> Path:
        """Everything that the worker printed."""
        return self.path / "worker.log"

    @property
    def state(self) -> Path:
        """What is needed to go on."""
        return self.path / "state"

    @property
    def processes(self) -> Path:
        """Where several processes that share a training tell each other how they ended."""
        return self.path / "processes"

    @property
    def lock_file(self) -> Path:
        """Held by the worker as long as it lives."""
        return self.path / "worker.lock"


def is_folder(typed: str) -> bool:
    """Whether what somebody typed is a folder; what can be no path at all is none."""
    try:
        return Path(typed).is_dir()
    except (OSError, ValueError):
        return False


def is_dataset(typed: str) -> bool:
    """Whether what somebody typed is a folder, or a file that is named as a list of pictures."""
    return is_folder(typed) or (is_file(typed) and Path(typed).suffix.lower() in DATASET_LISTS)


def is_file(typed: str) -> bool:
    """Whether what somebody typed is a file; what can be no path at all is none."""
    try:
        return Path(typed).is_file()
    except (OSError, ValueError):
        return False


def find_newest_sample(folder: ModelFolder) -> Path | None:
    """The first of the previews that the model's trainings drew last."""
    drawn = {
        (int(name[1]), -int(name[2])): path
        for path in folder.samples.glob("*.png")
        if (name := re.fullmatch(r"sample_(\d+)-(\d+)", path.stem))
    }
    return drawn[max(drawn)] if drawn else None


def find_name_fault(name: str) -> str | None:
    """Why ``name`` cannot be a model's name on every system, or None."""
    if not name or name != name.strip(" .") or len(name) > 100:
        return "a name has 1 to 100 characters and neither begins nor ends with a space or a dot"
    wrong = sorted(FORBIDDEN_IN_NAMES & set(name)) + [c for c in name if ord(c) < 32]
    if wrong:
        return f"a name cannot contain {' '.join(wrong)}"
    return None


@overload
def written_whole(
    path: Path, mode: Literal["w"] = "w", *, flushed: bool = True
) -> AbstractContextManager[IO[str]]: ...


@overload
def written_whole(
    path: Path, mode: Literal["wb"], *, flushed: bool = True
) -> AbstractContextManager[IO[bytes]]: ...


@contextmanager
def written_whole(path: Path, mode: str = "w", *, flushed: bool = True) -> Iterator[IO[Any]]:
    """A file that appears at ``path`` complete or not at all: written beside it, flushed to disk, renamed.

    Without flushing it may be torn when the machine itself fails: for what is checked whenever it is read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    try:
        is_text = "b" not in mode
        with os.fdopen(
            handle, mode, encoding="utf-8" if is_text else None, newline="\n" if is_text else None
        ) as file:
            yield file
            if flushed:
                file.flush()
                os.fsync(file.fileno())
        Path(beside).chmod(0o644)  # mkstemp makes files that only the owner can read
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
