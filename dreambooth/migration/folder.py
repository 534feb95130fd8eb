"""A model folder of the old extension: where its settings, weights and pictures lie. It is only read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.store import ConfigError

CONFIG_FILE = "db_config.json"
MODEL_INDEX = "model_index.json"  # what every folder in diffusers layout holds
TELLING_KEYS = {
    "model_name",
    "model_dir",
    "concepts_list",
    "revision",
}  # an old file has one of them at least
OUR_KEY = "format_version"


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None


def is_old_config(path: Path) -> bool:
    """Whether the file is a ``db_config.json`` of the old extension."""
    values = _read_json(path)
    return isinstance(values, dict) and OUR_KEY not in values and not TELLING_KEYS.isdisjoint(values)


@dataclass(frozen=True)
class OldFolder:
    """``models/dreambooth/NAME`` as the old extension left it."""

    path: Path

    @property
    def config_file(self) -> Path:
        """Its settings."""
        return self.path / CONFIG_FILE

    def classifiers(self, index: int) -> Path:
        """Generated class images."""
        return self.path / f"classifiers_{index}"

    def read_settings(self) -> dict[str, Any]:
        """Its settings as they stand in the file; raises ConfigError for other folders."""
        if not self.config_file.is_file():
            raise ConfigError(
                f"{self.path} is no model of the old extension: it holds no {CONFIG_FILE}; from weights "
                "alone make a model with `create NAME --source PATH`"
            )
        values = _read_json(self.config_file)
        if isinstance(values, dict) and OUR_KEY in values:
            raise ConfigError(
                f"{self.path} is a model of this trainer already; copy or move the folder instead"
            )
        if not is_old_config(self.config_file) or not isinstance(values, dict):
            raise ConfigError(f"{self.config_file} is damaged, or no settings file of the old extension")
        return values

    def find_weights(self, shared: str = "") -> Path:
        """The folder in diffusers layout that holds the weights, or ``shared``, which some LoRA models used.

        Raises ConfigError with what else there is.
        """
        candidates = [self.path / "working"]
        if shared:
            candidates += [Path(shared), self.path.parent.parent / "diffusers" / _last_names(shared)]
        for folder in candidates:
            if (folder / MODEL_INDEX).is_file():
                return folder
        raise ConfigError(f"{self.path} holds no weights in working/{self._what_else(shared)}")

    def _what_else(self, shared: str) -> str:
        if shared:
            return (
                f"; they were shared with other models in {shared}, which is not there: copy it to working/"
            )
        snapshots = sorted(path.name for path in (self.path / "checkpoints").glob("checkpoint-*"))
        if snapshots:
            return (
                f"; checkpoints/{snapshots[-1]} is a state for going on, which only the old extension reads: "
                "generate a checkpoint there, and make a model from that with `create NAME --source PATH`"
            )
        return "; make a model from a checkpoint of it with `create NAME --source PATH`"

    def find_loras(self) -> list[Path]:
        """LoRA files of its early generations, which lie in the folder."""
        return sorted(path for path in (self.path / "loras").glob("*") if path.is_file())


def _last_names(path: str) -> Path:
    """SHARED/working of a path of any system."""
    return Path(*path.replace("\\", "/").rstrip("/").split("/")[-2:])
