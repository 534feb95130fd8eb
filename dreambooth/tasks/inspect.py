"""What a source is, before a model is made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dreambooth.models.create import describe, read_source
from dreambooth.models.from_folder import weight_files
from dreambooth.models.names import ema_name, names_of
from dreambooth.models.source import Source
from dreambooth.tasks.create import wishes_of
from dreambooth.tasks.job import Job, Refused


def inspect(job: Job) -> dict[str, Any]:
    """What ``create`` would make of the same source; of safetensors only the headers are read."""
    if "source" not in job.asked:
        raise Refused("only a file or folder can be looked at; a model of the hub has to be fetched first")
    path = Path(job.asked["source"])
    source = read_source(path, wishes_of(job))
    created = describe(source)
    return {
        "family": source.architecture.family,
        "predicts": source.architecture.predicts,
        "is_inpainting": source.architecture.inpaints,
        "resolution": source.architecture.native_resolution,
        "has_ema": _has_average(source),
        "dtype": created.dtype,
        "bytes": _num_bytes(path, source),
        "num_weights": created.num_weights,
    }


def _has_average(source: Source) -> bool:
    """Whether there are averaged weights of the whole U-Net to choose."""
    originals = names_of(source.architecture).origins("unet", source.parts["unet"])
    return all(ema_name(name) in source.extra for name in originals)


def _num_bytes(path: Path, source: Source) -> int:
    """Size on disk of all files with weights."""
    files = [path] if path.is_file() else [file for part in source.parts for file in weight_files(path, part)]
    return sum(file.stat().st_size for file in files)
