"""What a model of the old extension is, told before it is imported; its weights are looked for, not read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.settings import TrainConfig
from dreambooth.migration.folder import OldFolder
from dreambooth.migration.settings import migrate_settings


@dataclass(frozen=True)
class OldModel:
    """An old model in a line."""

    name: str
    source: str  # what it was made from; empty: its file does not tell
    lifetime_steps: int
    is_lora: bool
    num_concepts: int


def outline_old_model(path: Path) -> OldModel:
    """The old model in a folder; raises ConfigError where there is none that could be imported."""
    old = OldFolder(path)
    values = old.read_settings()
    old.find_weights(str(values.get("shared_diffusers_path") or ""))
    migrated = migrate_settings(values, TrainConfig())
    return OldModel(
        name=path.resolve().name,
        source=migrated.source,
        lifetime_steps=migrated.lifetime_steps,
        is_lora=migrated.config.adapter != "none",
        num_concepts=len(migrated.config.concepts),
    )
