"""What every task is given, and how it says no."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ModelRecord, config_from_json, load_record
from dreambooth.events import EventWriter
from dreambooth.lending.saved import tell_saved

ENDING = ("stop", "discard", "pause")


class Refused(Exception):
    """What was asked cannot be done; the message is one sentence and says what to do instead."""


class StoppedEarly(Exception):
    """The user stopped the job before there was anything to save that is not saved already."""


@dataclass(frozen=True)
class Job:
    """One job as its worker sees it."""

    run: RunFolder
    asked: Mapping[str, Any]
    events: EventWriter
    stop_asked: threading.Event  # set by a termination signal
    take_device: Callable[[], None] = lambda: None  # before the first use: webuis lend it, and free it
    number: int = 0  # of this process, where several share a training

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that is asked, waits for its turn, tells and writes."""
        return self.number == 0

    @property
    def models_dir(self) -> Path:
        """The folder of all models."""
        return (self.run.path / self.asked["models_dir"]).resolve()

    @property
    def model_folder(self) -> ModelFolder:
        """The model that the job is about."""
        return ModelFolder((self.run.path / self.asked["model_dir"]).resolve())

    def load_record(self) -> ModelRecord:
        """What is known of the model now."""
        return load_record(self.model_folder.config_file)

    def load_config(self) -> TrainConfig:
        """The settings as they were when the job was given."""
        return config_from_json(self.asked["config"])

    def stop_if_asked(
        self, message: str = "stopped before the first step; what was made so far is kept"
    ) -> None:
        """Raise StoppedEarly when the user wants the job to stop; of a training before its first step."""
        if self.is_stop_asked():
            raise StoppedEarly(message)

    def is_stop_asked(self) -> bool:
        """Whether the user wants the job to end, and no step boundary has answered yet."""
        asked = (self.run.requests / name for name in ENDING)
        if not self.is_first:
            return False  # it hears of that from the first
        return self.stop_asked.is_set() or any(path.exists() for path in asked)

    def warn(self, message: str) -> None:
        """Tell of something that the user should know and that does not stop the job."""
        self.events.write("warning", message=message)

    def progress(self, what: str, done: int, total: int) -> None:
        """Tell how far the job is with ``what``."""
        self.events.write("progress", what=what, done=done, total=total)

    def tell_saved(self, path: Path) -> None:
        """Let living webuis look for a file that they may have in their lists."""
        tell_saved(self.models_dir, path)


def classifier_folders(folder: ModelFolder, config: TrainConfig) -> list[Path]:
    """Where each concept's generated class images are kept."""
    return [folder.classifiers(index) for index in range(len(config.concepts))]
