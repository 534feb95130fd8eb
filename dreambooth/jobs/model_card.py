"""Everything that is known of a model."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.store import ConfigError, NotFound
from dreambooth.jobs.disk_use import disk_use, folder_bytes
from dreambooth.jobs.library import Library
from dreambooth.jobs.model_list import describe_model
from dreambooth.jobs.run_end import find_outcome
from dreambooth.jobs.run_summary import summarize
from dreambooth.jobs.runs import is_alive, list_runs
from dreambooth.jobs.shelf import find_living_run
from dreambooth.jobs.trainings import find_interrupted

SAVED_STEP = re.compile(r".*_(\d+)\.(safetensors|ckpt)")
SNAPSHOT = re.compile(r".*_(\d+)")
LONGEST_HEADER_BYTES = 16 << 20


def model_card(library: Library, name: str) -> dict[str, Any]:
    """Its facts, what it takes on disk, its runs, the steps that it saved, and what it does now."""
    folder = library.folder(name)
    if not folder.is_model():
        raise NotFound(f"there is no model {name} in {library.path}")
    used = disk_use(folder)
    living = find_living_run(library, folder)
    return {
        **describe_model(folder),
        "path": str(folder.path),
        "disk_use": used,
        "bytes": sum(used.values()),
        "runs": [_describe_run(library, run) for run in reversed(list_runs(folder.runs))],
        "saves": list_saves(folder),
        "resumable": find_interrupted(library, name),
        "alive": library.run_place(living) if living else None,
    }


def _describe_run(library: Library, run: RunFolder) -> dict[str, Any]:
    told = {"run": library.run_place(run), **asdict(summarize(run)), "is_alive": is_alive(run)}
    if told["outcome"] is None and (end := find_outcome(run)):
        told["outcome"] = end["outcome"]  # which its worker could not write
    return told


def list_saves(folder: ModelFolder) -> list[dict[str, Any]]:
    """The checkpoints, LoRA files and snapshots that trainings saved, the latest step first."""
    found = [
        (int(name[1]), path)
        for path in folder.checkpoints.glob("*")
        if (name := SAVED_STEP.fullmatch(path.name)) and path.is_file()
    ]
    found += [
        (int(name[1]), path)
        for path in folder.snapshots.glob("[!.]*")
        if (name := SNAPSHOT.fullmatch(path.name)) and path.is_dir()
    ]
    return [_describe_save(folder, path, step) for step, path in sorted(found, reverse=True)]


def find_save(folder: ModelFolder, path: str) -> dict[str, Any]:
    """The saved step at a path in the model's folder; raises ConfigError when it is none."""
    found = next((save for save in list_saves(folder) if save["path"] == path), None)
    if found is None:
        raise ConfigError(f"weights: {folder.name} has no saved step {path}")
    return found


def find_save_of_step(folder: ModelFolder, step: int) -> dict[str, Any]:
    """What was saved at a step of the model's life, first of all a checkpoint or an adapter."""
    found = [save for save in list_saves(folder) if save["step"] == step]
    if not found:
        raise ConfigError(f"weights: {folder.name} has no saved step {step}")
    return min(found, key=lambda save: bool(save["kind"] == "snapshot"))


def _describe_save(folder: ModelFolder, path: Path, step: int) -> dict[str, Any]:
    if path.parent == folder.snapshots:
        preview, size, kind = None, folder_bytes(path), "snapshot"
    else:
        preview, size = path.with_suffix(".preview.png"), path.stat().st_size
        kind = "adapter" if is_lora(path) else "checkpoint"
    return {
        "path": path.relative_to(folder.path).as_posix(),
        "step": step,
        "kind": kind,
        "bytes": size,
        "saved": path.stat().st_mtime,
        "preview": str(preview) if preview and preview.exists() else None,
        "is_lora": kind == "adapter",
    }


def is_lora(path: Path) -> bool:
    """Whether a safetensors file is one of our adapters: they tell the kind of their network."""
    if path.suffix != ".safetensors":
        return False
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return b'"ss_network_module"' in file.read(min(length, LONGEST_HEADER_BYTES))
