"""The models in a models folder, and where their runs lie."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.editing import update_record, with_config
from dreambooth.config.folders import ModelFolder, RunFolder, find_name_fault
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, NotFound, load_record
from dreambooth.jobs.history import keep_settings
from dreambooth.jobs.runs import JOBS
from dreambooth.migration.folder import is_old_config


@dataclass(frozen=True)
class Library:
    """A folder of models, usually ``models/dreambooth``."""

    path: Path

    def folder(self, name: str) -> ModelFolder:
        """The folder of this name, with a model in it or not; raises ConfigError for a bad name."""
        if fault := find_name_fault(name):
            raise ConfigError(f"{name!r} cannot be a model's name: {fault}")
        return ModelFolder(self.path / name)

    def names(self) -> list[str]:
        """The models that are there."""
        if not self.path.is_dir():
            return []
        visible = (entry for entry in self.path.iterdir() if find_name_fault(entry.name) is None)
        return sorted(entry.name for entry in visible if ModelFolder(entry).is_model())

    def load(self, name: str) -> ModelRecord:
        """What is known of a model; raises ConfigError when there is none."""
        folder = self.folder(name)
        if not folder.is_model():
            known = ", ".join(self.names()) or "none yet"
            raise NotFound(f"there is no model {name} in {self.path} (there are: {known})")
        if is_old_config(folder.config_file):
            raise ConfigError(f"{name} is a model of the old extension; {self._advise_import(folder)}")
        return load_record(folder.config_file)

    def run_place(self, run: RunFolder) -> str:
        """Where a run lies in the library, ``NAME/runs/RUN`` or ``.jobs/RUN``; how others name it."""
        return run.path.relative_to(self.path).as_posix()

    def find_run(self, place: str) -> RunFolder:
        """The run at such a place, whether it is still there or not; raises ConfigError for others."""
        *above, name = place.split("/")
        is_tool = above == [JOBS]
        is_of_model = len(above) == 2 and above[1] == "runs" and find_name_fault(above[0]) is None
        if find_name_fault(name) or not (is_tool or is_of_model):
            raise NotFound(f"{place!r} is no place of a run: NAME/runs/RUN or {JOBS}/RUN")
        return RunFolder(self.path.joinpath(*above, name))

    def _advise_import(self, folder: ModelFolder) -> str:
        words = [
            "--models-dir",
            str(self.path),
            "import",
            str(folder.path),
            "--name",
            f"{folder.name}_imported",
        ]
        command = shlex.join(["python", "-m", "dreambooth", *words])
        return f"make one of this trainer from it, which leaves the old one as it is: {command}"

    def change_config(
        self,
        name: str,
        change: Callable[[TrainConfig], TrainConfig],
        expected_revision: int | None = None,
        session: str = "",
    ) -> ModelRecord:
        """Change a model's settings, as they are now, and keep what they were.

        Raises StaleSettings when a revision is expected and there have been other changes since. Changes of
        one session (of a page) within a minute are one in the history.
        """
        self.load(name)
        folder = self.folder(name)

        def change_record(record: ModelRecord) -> ModelRecord:
            changed = with_config(record, change, expected_revision)
            if changed.revision != record.revision:
                keep_settings(folder, record, session)
            return changed

        return update_record(folder.config_file, change_record)

    def save_config(
        self, name: str, config: TrainConfig, expected_revision: int | None = None
    ) -> ModelRecord:
        """Store other settings for a model; raises StaleSettings as ``change_config`` does."""
        return self.change_config(name, lambda _: config, expected_revision)


def find_concept(config: TrainConfig, index: int) -> Concept:
    """The concept of this number; raises ConfigError when there is none."""
    if not 0 <= index < len(config.concepts):
        raise NotFound(f"there is no concept {index}; there are {len(config.concepts)}, counted from 0")
    return config.concepts[index]
