"""Draws pictures with a model, as it is or as it was at saved steps: single ones, or a grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.prepare import load_trained_model
from dreambooth.tasks.saved_steps import SavedStep, find_saved_step
from dreambooth.tasks.wanted import Wanted, read_wanted
from dreambooth.training.device import choose_device
from dreambooth.training.grid import Row, draw_grid
from dreambooth.training.pictures import save_picture
from dreambooth.training.samples import make_previews

KEPT = "stopped; the pictures that were drawn so far are kept"


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Which weights draw what."""

    rows: Mapping[
        str, SavedStep | None
    ]  # path of the weights in the model's folder; empty: the model as it is
    columns: Sequence[Wanted]
    adapter_weight: float
    is_grid: bool

    @property
    def num_pictures(self) -> int:
        """All of them."""
        return len(self.rows) * len(self.columns) * self.columns[0].count

    @property
    def heads(self) -> list[str]:
        """What stands above the pictures of a grid; every seed has a column of its own."""
        return [
            wanted.prompt if wanted.count == 1 else f"{wanted.prompt} (seed {wanted.seed + number})"
            for wanted in self.columns
            for number in range(wanted.count)
        ]


def sample(job: Job) -> dict[str, Any]:
    """As many pictures as were asked for of each prompt by each of the weights, all with the same seeds."""
    plan = _read_plan(job)
    _refuse_idle_weight(job, plan)
    paths: list[Path] = []
    rows: list[Row] = []
    for weights, step in plan.rows.items():
        drawn = _draw_row(job, plan, weights, len(paths))
        paths += drawn
        if plan.is_grid:
            rows.append(Row(_label(job, step), [Image.open(path).convert("RGB") for path in drawn]))
    grid = str(_save_grid(job, plan, rows, paths[0])) if plan.is_grid else None
    return {"pictures": [str(path) for path in paths], "grid": grid}


def _read_plan(job: Job) -> _Plan:
    asked = job.asked
    saves, prompts = asked.get("saves") or [], asked.get("prompts") or []
    shared = {field.name: asked[field.name] for field in fields(Wanted) if field.name in asked}
    strength = asked.get("adapter_weight", 1.0)
    if not math.isfinite(strength):
        raise Refused("adapter_weight must be a number; 0 draws without the adapter")
    folder = job.model_folder
    return _Plan(
        rows={
            weights: find_saved_step(folder, weights) if weights else None
            for weights in saves or [asked.get("weights", "")]
        },
        columns=[read_wanted({**shared, "prompt": prompt}) for prompt in prompts] or [read_wanted(shared)],
        adapter_weight=strength,
        is_grid=bool(saves or prompts),
    )


def _refuse_idle_weight(job: Job, plan: _Plan) -> None:
    own = bool(job.load_record().adapter)
    has_adapter = any(own if step is None else not step.is_checkpoint for step in plan.rows.values())
    if plan.adapter_weight != 1 and not has_adapter:
        raise Refused("adapter_weight has nothing to work on: none of these weights is an adapter")


def _draw_row(job: Job, plan: _Plan, weights: str, num_before: int) -> list[Path]:
    """The pictures of one of the weights, column by column; returns their files."""
    config = job.load_config()
    device = choose_device(config.precision)
    job.take_device()
    model = load_trained_model(job, device.frozen_dtype, weights, plan.adapter_weight)
    model.to(device.device)
    clip_skip = config.captions.clip_skip
    previews = [preview for wanted in plan.columns for preview in wanted.previews(model, clip_skip)]
    files = [
        Path(job.asked["to"]) / _file_name(plan, weights, number, preview.wish.seed)
        for number, preview in enumerate(previews)
    ]
    made = make_previews(model, device, previews, files.__getitem__, job.model_folder.name)
    for number, (path, preview) in enumerate(made, start=1):
        told = {"prompt": preview.wish.prompt, "seed": preview.wish.seed, "weights": weights}
        job.events.write("sample", path=str(path), **told)
        job.progress("samples", num_before + number, plan.num_pictures)
        job.stop_if_asked(KEPT)
    return files


def _file_name(plan: _Plan, weights: str, number: int, seed: int) -> str:
    """The seed, and before it the saved step, and in a grid the number of the prompt."""
    words = [PurePosixPath(weights).stem] if weights else ["now"] if plan.is_grid else []
    words += [str(number // plan.columns[0].count)] if plan.is_grid else []
    return "-".join([*words, f"{seed:010d}.png"])


def _label(job: Job, step: SavedStep | None) -> str:
    if step is None:
        return f"now (step {job.load_record().lifetime_steps})"
    return step.path.stem if step.num_steps is None else f"step {step.num_steps}"


def _save_grid(job: Job, plan: _Plan, rows: Sequence[Row], first: Path) -> Path:
    """The grid, with the generation text of its first picture, as webuis have it."""
    path = Path(job.asked["to"]) / f"grid-{plan.columns[0].seed:010d}.png"
    with Image.open(first) as picture:
        text: str = picture.info["parameters"]
    save_picture(draw_grid(rows, plan.heads), path, text)
    return path
