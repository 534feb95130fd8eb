"""Folders of pictures that lie with a model stay its own when the model gets another place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.editing import update_record, with_config
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ModelRecord


def relocate(config_file: Path, old: Path, new: Path) -> None:
    """Let the settings in a ``db_config.json`` name folders in ``new`` where they named those in ``old``."""

    def change_config(config: TrainConfig) -> TrainConfig:
        data_dir = _moved(config.validation.data_dir, old, new)
        return replace(
            config,
            concepts=tuple(_relocated(concept, old, new) for concept in config.concepts),
            validation=replace(config.validation, data_dir=data_dir),
        )

    def change(record: ModelRecord) -> ModelRecord:
        return with_config(record, change_config)

    update_record(config_file, change)


def _relocated(concept: Concept, old: Path, new: Path) -> Concept:
    return replace(
        concept,
        instance_data_dir=_moved(concept.instance_data_dir, old, new),
        class_data_dir=_moved(concept.class_data_dir, old, new),
        preservation_data_dir=_moved(concept.preservation_data_dir, old, new),
    )


def _moved(folder: str, old: Path, new: Path) -> str:
    path, inside = Path(folder).resolve(), old.resolve()
    if not folder.strip() or not path.is_relative_to(inside):
        return folder
    return str(new.absolute() / path.relative_to(inside))
