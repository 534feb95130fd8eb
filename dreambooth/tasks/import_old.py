"""Makes a model folder from one of the old extension, which stays as it is."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

from dreambooth.config.fitting import fitting_config
from dreambooth.config.folders import ModelFolder, written_whole
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.migration.files import REPORT_FILE, FilePlan, plan_files
from dreambooth.migration.folder import OldFolder
from dreambooth.migration.settings import Migrated, migrate_settings
from dreambooth.models.appearing import folder_appearing_whole
from dreambooth.models.architecture import Architecture
from dreambooth.models.create import create_working, read_source
from dreambooth.models.streaming import require_space
from dreambooth.tasks.job import Job, Refused

LORA_STAYS = (
    "the old model was trained as a LoRA, whose file is not taken over: the new model begins with the "
    "weights that the LoRA was made for"
)


def import_old_model(job: Job) -> dict[str, Any]:
    """Convert weights, migrate settings, copy pictures; the new folder appears whole or not at all."""
    folder, old = job.model_folder, OldFolder(Path(job.asked["source"]))
    values = old.read_settings()
    weights = old.find_weights(str(values.get("shared_diffusers_path") or ""))
    if folder.path.exists():
        raise Refused(f"{folder.path} is there already: name the new model with --name")
    source = read_source(weights)
    with folder_appearing_whole(folder.path) as beside:
        made = ModelFolder(beside)
        create_working(source, made.working)
        migrated = migrate_settings(
            values,
            fitting_config(source.architecture.native_resolution, source.architecture.vae_factor),
        )
        if migrated.config.adapter != "none":
            job.warn(LORA_STAYS)
        files = plan_files(old, migrated.class_folders)
        _copy(job, files, beside)
        told = {
            "old_folder": str(old.path),
            "weights": str(weights),
            "loras": [str(path) for path in old.find_loras()],
            "settings": migrated.report.to_json(),
            "files": dataclasses.asdict(files, dict_factory=_plain),
        }
        _write_report(beside / REPORT_FILE, told)
        record = _record(old, migrated, source.architecture)
        save_record(made.config_file, record)
    return {
        "model": folder.name,
        "path": str(folder.path),
        "family": record.family,
        "predicts": record.predicts,
        "resolution": record.native_resolution,
        "report": str(folder.path / REPORT_FILE),
        **told,
    }


def _record(old: OldFolder, migrated: Migrated, architecture: Architecture) -> ModelRecord:
    return ModelRecord(
        source=re.split(r"[/\\]", migrated.source)[-1] or old.path.name,
        family=architecture.family,
        predicts=architecture.predicts,
        native_resolution=architecture.native_resolution,
        lifetime_steps=migrated.lifetime_steps,
        lifetime_epochs=migrated.lifetime_epochs,
        config=migrated.config,
    )


def _copy(job: Job, files: FilePlan, folder: Path) -> None:
    require_space(folder, files.num_bytes)
    for number, copy in enumerate(files.copies):
        job.progress("files", number, len(files.copies))
        place = folder / copy.place
        place.parent.mkdir(parents=True, exist_ok=True)
        if copy.source.is_dir():
            shutil.copytree(copy.source, place, dirs_exist_ok=True)
        else:
            shutil.copy2(copy.source, place)
    job.progress("files", len(files.copies), len(files.copies))


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in pairs}


def _write_report(path: Path, told: dict[str, Any]) -> None:
    with written_whole(path) as file:
        json.dump(told, file, indent=2, ensure_ascii=False)
