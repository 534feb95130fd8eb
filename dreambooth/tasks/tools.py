"""Jobs on finished files, which belong to no model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from dreambooth.models.create import read_source
from dreambooth.tasks.create import wishes_of
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.results import DTYPES
from dreambooth.tools.bake_lora import bake_loras
from dreambooth.tools.convert_lora import convert_lora
from dreambooth.tools.convert_model import convert_model, pruned
from dreambooth.tools.extract_lora import ExtractRequest, extract_lora
from dreambooth.tools.lora_output import WrittenLora
from dreambooth.tools.low_rank import RankRule
from dreambooth.tools.merge_checkpoints import MergeRequest, merge_checkpoints
from dreambooth.tools.merge_loras import merge_loras
from dreambooth.tools.resize_lora import resize_lora
from dreambooth.tools.weighted import Weighted

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


def lora_merge(job: Job) -> dict[str, Any]:
    """Several LoRA files made into one."""
    asked = job.asked
    rule = _rank_rule(job) if asked["rank"] else None
    if rule is None and (asked["conv_rank"] or asked["rank_method"] != "fixed"):
        raise Refused("without --rank nothing is cut; give the largest rank, too")
    to = free_place(job)
    return _told(merge_loras(_loras(job), rule, to, _find_dtype(job), _progress(job, "merging")))


def lora_bake(job: Job) -> dict[str, Any]:
    """LoRA files made part of a checkpoint."""
    to, checkpoint = free_place(job), Path(job.asked["checkpoint"])
    baked = bake_loras(checkpoint, _loras(job), to, _find_dtype(job), _progress(job, "baking"))
    if baked.num_left_out:
        job.warn("the checkpoint's averaged weights (EMA) are not in the result, to which they do not belong")
    return {
        "path": str(baked.path),
        "bytes": baked.num_bytes,
        "tensors": baked.num_tensors,
        "changed": baked.num_changed,
        "moved": dict(baked.moved),
    }


def lora_extract(job: Job) -> dict[str, Any]:
    """The difference of two checkpoints as a LoRA file."""
    asked = ExtractRequest(
        base=Path(job.asked["base"]),
        tuned=Path(job.asked["tuned"]),
        rule=_rank_rule(job),
        convolutions=job.asked["conv_rank"] > 0,
        min_difference=job.asked["min_difference"],
    )
    extracted = extract_lora(asked, free_place(job), _find_dtype(job), _progress(job, "extracting"))
    for part, largest in extracted.left_out.items():
        if largest:
            job.warn(f"the {part} is left out: none of its weights differs by more than {largest:.2g}")
    return {**_told(extracted.lora), "outside": extracted.outside, "left_out": dict(extracted.left_out)}


def lora_resize(job: Job) -> dict[str, Any]:
    """A LoRA file of lower rank."""
    path, to = Path(job.asked["lora"]), free_place(job)
    return _told(resize_lora(path, _rank_rule(job), to, _find_dtype(job), _progress(job, "resizing")))


def lora_convert(job: Job) -> dict[str, Any]:
    """A LoRA file in the names of another program."""
    path, to, base = Path(job.asked["lora"]), free_place(job), _find_path(job, "base")
    num_modules = convert_lora(path, base, job.asked["layout"], to, _find_dtype(job))
    return {"path": str(to), "bytes": to.stat().st_size, "modules": num_modules}


def convert(job: Job) -> dict[str, Any]:
    """A model in another form."""
    to = free_place(job)
    source = read_source(Path(job.asked["source"]), wishes_of(job))
    if job.asked["prune"]:
        source = pruned(source)
    written = convert_model(source, to, _find_dtype(job), _progress(job, "converting"))
    return {
        "path": str(written.path),
        "bytes": written.num_bytes,
        "tensors": written.num_tensors,
        "family": source.architecture.family,
        "predicts": source.architecture.predicts,
    }


def _loras(job: Job) -> list[Weighted]:
    return [
        Weighted(Path(lora["path"]), lora["strength"], lora["text_strength"]) for lora in job.asked["loras"]
    ]


def _rank_rule(job: Job) -> RankRule:
    """What is asked of the rank; kernels have that of all other layers where nothing else is said."""
    asked = job.asked
    return RankRule(
        rank=asked["rank"],
        conv_rank=asked["conv_rank"] or asked["rank"],
        method=asked["rank_method"],
        share=asked["share"],
    )


def _told(written: WrittenLora) -> dict[str, Any]:
    return {
        "path": str(written.path),
        "bytes": written.num_bytes,
        "modules": written.num_modules,
        "ranks": list(written.ranks),
        "kept": written.kept,
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
