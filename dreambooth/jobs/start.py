"""Gives a job: writes its run folder and starts a worker that lives on by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder, written_whole
from dreambooth.config.live import forget_changes
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import Busy, ConfigError, ModelRecord, changed, config_from_json, config_to_json
from dreambooth.environment import child_variables, environment_python
from dreambooth.jobs.library import Library
from dreambooth.jobs.readiness import require_environment
from dreambooth.jobs.run_end import LONGEST_START_SECONDS
from dreambooth.jobs.runs import JOBS, is_alive, read_job

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
RUNS_KEPT = 50
POLL_SECONDS = 0.01
MAKE_MODELS = ("create", "import")  # jobs whose model is not there yet
CHANGEABLE_SETTINGS = (
    "optimizer.",
    "schedule.",
    "saving.",
    "samples.",
    "precision.",
    "machines.main_",
    "machines.accelerate_config",
    "lora.unet_lr",
    "lora.text_",
)
FIXED_SETTINGS = ("optimizer.name", "optimizer.class_name", "optimizer.arguments")  # what its state hangs on


def _new_run(runs: Path, job: str) -> RunFolder:
    """A run folder of its own, named by time so that names sort in the order of runs."""
    require_environment()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())  # which never goes back an hour
    for number in range(1000):
        path = runs / f"{stamp}-{number:03d}-{job}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return RunFolder(path)
    raise ConfigError(f"{runs} already holds a thousand runs of this second")


def _remove_old_runs(runs: Path) -> None:
    """Keep the last runs only; trainings are always kept."""
    old = sorted(path for path in runs.glob("*") if path.is_dir() and not path.name.endswith("-train"))
    for path in old[:-RUNS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def prepare_run(library: Library, folder: ModelFolder, job: str, asked: Mapping[str, Any]) -> RunFolder:
    """Write what is asked; paths are relative to the run, so that a model can be moved with its runs."""
    run = _new_run(library.path / JOBS if job in MAKE_MODELS else folder.runs, job)
    return _write_asked(run, library, job, {"model_dir": os.path.relpath(folder.path, run.path), **asked})


def prepare_tool(library: Library, job: str, asked: Mapping[str, Any]) -> RunFolder:
    """The run of a job that belongs to no model."""
    return _write_asked(_new_run(library.path / JOBS, job), library, job, asked)


def _write_asked(run: RunFolder, library: Library, job: str, asked: Mapping[str, Any]) -> RunFolder:
    _remove_old_runs(run.path.parent)
    values = {"job": job, "models_dir": os.path.relpath(library.path, run.path), **asked}
    with written_whole(run.config_file) as file:
        json.dump(values, file, indent=2, ensure_ascii=False)
    return run


@dataclass(frozen=True)
class ResultFolders:
    """Where a webui looks for what a training makes."""

    checkpoints: Path
    loras: Path

    def folder_for(self, config: TrainConfig) -> Path:
        """That for the results of these settings."""
        return self.checkpoints if config.adapter == "none" else self.loras


def prepare_training(
    library: Library,
    name: str,
    record: ModelRecord,
    config: TrainConfig,
    webui: ResultFolders | None = None,
) -> RunFolder:
    """The run of a new training with these settings; its results also go to a webui's folders."""
    asked: dict[str, Any] = {
        "config": config_to_json(config),
        "lifetime_before": {"steps": record.lifetime_steps, "epochs": record.lifetime_epochs},
        "after_run": record.last_run,
        "continues_adapter": bool(record.adapter)
        and config.adapter != "none"
        and config.lora.start == "continue",
    }
    if webui is not None:
        asked["webui_folder"] = str(webui.folder_for(config))
    return prepare_run(library, library.folder(name), "train", asked)


def change_run(run: RunFolder, changes: Mapping[str, str]) -> None:
    """Change settings of an interrupted training, of those that its state does not depend on."""
    fixed = [name for name in changes if not name.startswith(CHANGEABLE_SETTINGS) or name in FIXED_SETTINGS]
    if fixed:
        raise ConfigError(f"{', '.join(fixed)} cannot change in the middle of a training; start a new one")
    if is_alive(run):
        raise Busy("the training is under way; stop it before its settings are changed")
    asked = read_job(run)
    asked["config"] = config_to_json(changed(config_from_json(asked["config"]), changes))
    forget_changes(run, changes)
    with written_whole(run.config_file) as file:
        json.dump(asked, file, indent=2, ensure_ascii=False)


def start_worker(run: RunFolder) -> subprocess.Popen[bytes]:
    """Start the worker in our own environment and in a session of its own: it outlives whoever started it.

    Returns as soon as the worker holds the run's lock, or has ended. Raises ConfigError where none can run.
    """
    require_environment()
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}  # type: ignore[attr-defined]
    variables = {**child_variables(), "PYTHONUNBUFFERED": "1"}
    with run.log_file.open("ab") as log:
        worker = subprocess.Popen(
            [str(environment_python()), "-m", "dreambooth.worker", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=variables,
            **detached,
        )
    threading.Thread(target=worker.wait, daemon=True, name="waits for a worker").start()  # leaves no zombie
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while not is_alive(run) and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return worker
