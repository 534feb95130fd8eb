"""Jobs on finished files, which belong to no model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.results import DTYPES
from dreambooth.tools.merge_checkpoints import MergeRequest, merge_checkpoints

KEEP = "keep"  # the precision of the file that is changed


def merge(job: Job) -> dict[str, Any]:
    """Two or three checkpoints made into one."""
    asked = job.asked
    request = MergeRequest(
        primary=Path(asked["primary"]),
        secondary=Path(asked["secondary"]),
        tertiary=_find_path(job, "tertiary"),
        method=asked["method"],
        multiplier=asked["multiplier"],
        dtype=_find_dtype(job),
        vae=_find_path(job, "vae"),
        discard=asked["discard"],
    )
    merged = merge_checkpoints(request, free_place(job), _progress(job, "merging"))
    if merged.num_kept:
        job.warn(f"{merged.num_kept} weights are the first model's: the others lack them")
    if merged.num_dropped:
        job.warn(f"{merged.num_dropped} tensors that only the second model has are not in the result")
    if merged.num_left_out:
        job.warn(
            "the first model's averaged weights (EMA) are not in the result, since not all models have them"
        )
    return {
        "path": str(merged.path),
        "bytes": merged.num_bytes,
        "tensors": merged.num_tensors,
        "changed": merged.num_changed,
        "moved": dict(merged.moved),
        "discarded": merged.num_discarded,
    }


def free_place(job: Job) -> Path:
    """Where to write; refused when something is there that may not be overwritten."""
    path = Path(job.asked["to"])
    if path.is_dir():
        raise Refused(f"{path} is a folder; name a file")
    if path.exists() and not job.asked["overwrite"]:
        raise Refused(f"{path} exists already; choose another name, or --overwrite it")
    return path


def _find_path(job: Job, name: str) -> Path | None:
    return Path(job.asked[name]) if job.asked.get(name) else None


def _find_dtype(job: Job) -> torch.dtype | None:
    return None if job.asked["dtype"] == KEEP else DTYPES[job.asked["dtype"]]


def _progress(job: Job, what: str) -> Callable[[int, int], None]:
    """Tells of every hundredth of the work once."""
    last = -1

    def tell(done: int, total: int) -> None:
        nonlocal last
        job.stop_if_asked("stopped; nothing is written")
        if (percent := 100 * done // total) > last:
            last = percent
            job.progress(what, done, total)

    return tell
