"""Makes a model folder from a checkpoint."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from dreambooth.config.fitting import fitting_config
from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.models.create import Created, create_working, read_source
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.hashes import sha256_of_file
from dreambooth.models.hub import fetch_model
from dreambooth.tasks.job import Job, Refused


def create_model(job: Job) -> dict[str, Any]:
    """Convert the source; the folder appears with its ``db_config.json`` last, or not at all."""
    folder = job.model_folder
    _remove_half_made(folder)
    if folder.path.exists():
        raise Refused(f"there is a model {folder.name} already; choose another name or delete it first")
    try:
        source = _find_source(job)
        created = create_working(read_source(source, wishes_of(job)), folder.working)
        architecture = created.architecture
        record = ModelRecord(
            source=created.source_name,
            source_hash=sha256_of_file(source) if source.is_file() else "",
            family=architecture.family,
            predicts=architecture.predicts,
            native_resolution=architecture.native_resolution,
            config=fitting_config(architecture.native_resolution, architecture.vae_factor),
        )
        save_record(folder.config_file, record)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return {"model": folder.name, "path": str(folder.path), **_summary(created, record)}


def wishes_of(job: Job) -> Wishes:
    """What the user says of the source."""
    return Wishes(
        predicts=job.asked.get("predicts"),
        zero_terminal_snr=job.asked.get("zero_terminal_snr"),
        use_ema=job.asked.get("use_ema", False),
        vae=Path(job.asked["vae"]) if job.asked.get("vae") else None,
    )


def _find_source(job: Job) -> Path:
    """The file or folder that was named, or the local copy of a model of the hub."""
    if "hub" not in job.asked:
        return Path(job.asked["source"])
    return fetch_model(job.asked["hub"], lambda done, total: job.progress("download", done, total))


def _remove_half_made(folder: ModelFolder) -> None:
    """Remove what a killed creation left behind: a folder with nothing but weights in it."""
    is_leftover = re.compile(rf"{folder.working.name}|\.{folder.working.name}\.\d+\.partial").fullmatch
    if folder.path.is_dir() and all(is_leftover(entry.name) for entry in folder.path.iterdir()):
        shutil.rmtree(folder.path)


def _summary(created: Created, record: ModelRecord) -> dict[str, Any]:
    return {
        "family": record.family,
        "predicts": record.predicts,
        "resolution": record.native_resolution,
        "num_weights": created.num_weights,
        "dtype": created.dtype,
    }
