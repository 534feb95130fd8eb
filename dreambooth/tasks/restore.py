"""Goes back to a saved step: its weights become the model's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import torch

from dreambooth.adapters.lora_file import told_by, write_lora
from dreambooth.adapters.weight_change import group_keys, module_kind
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.events import read_events
from dreambooth.locks import is_locked
from dreambooth.models.configs import read_architecture
from dreambooth.models.create import create_working
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.replacing import replaced
from dreambooth.tasks.saved_steps import (
    SavedStep,
    find_saved_step,
    read_saved_adapter,
    read_saved_checkpoint,
)

OTHER_BASE = (
    "the full model was trained after this adapter was saved, so it comes onto other weights than those that "
    "it was made for; go back to a checkpoint of that time first, or expect other pictures"
)


@dataclass(frozen=True)
class _Origin:
    """Which training saved a step, and how far the model was in its life."""

    run: RunFolder
    steps: int
    epochs: int


def restore(job: Job) -> dict[str, Any]:
    """Put the weights of a saved step, and its counts, in the place of the model's own."""
    folder, weights = job.model_folder, job.asked["weights"]
    _refuse_living_training(folder)
    step = find_saved_step(folder, weights)
    origin = _find_origin(folder, step)
    facts = {**_counts(job, step, origin), "last_run": job.run.path.name, "moved": {}}
    architecture = read_architecture(folder.working)
    if step.is_checkpoint:
        facts["adapter"] = ""
        source = read_saved_checkpoint(step, architecture)
        with replaced(folder, facts, keeps_old=_keeps_old(job)) as place:
            create_working(source, place / folder.working.name)
    else:
        tensors = read_saved_adapter(step, architecture)
        facts["adapter"] = _find_kind(step, tensors)
        if origin is not None and _full_model_learnt_after(folder, origin.run):
            job.warn(OTHER_BASE)
        with replaced(folder, facts, keeps_old=_keeps_old(job)) as place:
            to = place / folder.adapter_file.name
            write_lora(to, architecture, tensors, told_by(step.path), torch.float32)
    return {
        "weights": weights,
        "steps": facts["lifetime_steps"],
        "epochs": facts["lifetime_epochs"],
        "adapter": facts["adapter"],
    }


def _keeps_old(job: Job) -> bool:
    return bool(job.asked.get("keep_old", True))


def _refuse_living_training(folder: ModelFolder) -> None:
    if any(is_locked(run.lock_file) for run in _trainings(folder)):
        raise Refused(f"{folder.name} is being trained; stop that before going back to a saved step")


def _trainings(folder: ModelFolder) -> Iterator[RunFolder]:
    """The trainings of a model, the newest first."""
    return (RunFolder(path) for path in sorted(folder.runs.glob("*-train"), reverse=True))


def _find_origin(folder: ModelFolder, step: SavedStep) -> _Origin | None:
    """The last training that told of this file."""
    place = step.path.relative_to(folder.path).parts
    for run in _trainings(folder):
        events = read_events(run)
        told = [
            e["step"]
            for e in events
            if e["event"] in ("checkpoint", "snapshot") and PurePath(e["path"]).parts == place
        ]
        if told:
            before = _asked(run)["lifetime_before"]
            epochs = {event["step"]: event["epoch"] for event in events if event["event"] == "step"}
            return _Origin(run, before["steps"] + told[-1], before["epochs"] + epochs[told[-1]])
    return None


def _asked(run: RunFolder) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(run.config_file.read_text(encoding="utf-8"))
    return asked


def _counts(job: Job, step: SavedStep, origin: _Origin | None) -> dict[str, Any]:
    """Steps and epochs of the model's life at that step; epochs stay as they are where no run tells them."""
    if origin is not None:
        return {"lifetime_steps": origin.steps, "lifetime_epochs": origin.epochs}
    if step.num_steps is None:
        raise Refused(
            f"nobody knows at which step {step.path.name} was saved: no training of this model tells of it, "
            "and its name does not end with _STEPS"
        )
    epochs = job.load_record().lifetime_epochs
    job.warn(f"no training tells how many epochs {step.path.name} had seen; their count stays {epochs}")
    return {"lifetime_steps": step.num_steps, "lifetime_epochs": epochs}


def _find_kind(step: SavedStep, tensors: dict[str, torch.Tensor]) -> str:
    kinds = {module_kind(suffixes) for suffixes in group_keys(tensors).values()}
    if len(kinds) > 1 or kinds == {"full"}:
        raise Refused(f"{step.path.name} is no LoRA, LoHa or LoKr alone; it can be merged into a checkpoint")
    return kinds.pop()


def _full_model_learnt_after(folder: ModelFolder, run: RunFolder) -> bool:
    """Whether a later training of the full model has changed ``working``."""
    for later in _trainings(folder):
        if later.path.name <= run.path.name:
            return False
        ends = [event["outcome"] for event in read_events(later) if event["event"] == "end"]
        if _asked(later)["config"]["adapter"] == "none" and {"done", "stopped"} & set(ends):
            return True
    return False
