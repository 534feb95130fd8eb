"""Writes captions by a model that the user brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from dreambooth.captioning.blip import load_blip
from dreambooth.captioning.wd14 import load_wd14
from dreambooth.data.caption_journal import Journal, plan_change
from dreambooth.data.captions import read_caption
from dreambooth.data.images import find_images
from dreambooth.data.pictures import load_picture
from dreambooth.data.tags import Edit, apply_edit
from dreambooth.tasks.job import Job
from dreambooth.training.device import choose_device


def caption(job: Job) -> dict[str, Any]:
    """Describe every picture of a folder that is meant; the captions before can be put back."""
    folder, mode = Path(job.asked["folder"]), job.asked["mode"]
    found = find_images(folder)
    for skipped in found.skipped:
        job.warn(f"{skipped.path.name} is left out: {skipped.reason}")
    paths = [image.path for image in found.images if mode != "missing" or not _has_caption(image.path)]
    num_written = _describe_all(job, paths) if paths else 0
    return {"folder": str(folder), "pictures": len(found.images), "written": num_written}


def _describe_all(job: Job, paths: list[Path]) -> int:
    describe = _load(job)
    journal = Journal(job.model_folder.backups / "captions")
    num_written = 0
    for number, path in enumerate(paths):
        job.progress("captions", number, len(paths))
        job.stop_if_asked("stopped; the captions written so far stay, and can be taken back")
        text = _combine(path, describe(load_picture(path)), job.asked["mode"])
        if text is not None:
            journal.write([plan_change(path, text)])
            num_written += 1
    job.progress("captions", len(paths), len(paths))
    return num_written


def _load(job: Job) -> Callable[[Image.Image], str]:
    folder = Path(job.asked["tagger"])
    job.take_device()
    if job.asked["which"] == "wd14":
        return load_wd14(folder, job.asked["threshold"])
    return load_blip(folder, choose_device(job.load_config().precision).device)


def _combine(path: Path, text: str, mode: str) -> str | None:
    """The caption from now on; None where it stays as it is."""
    if mode != "append" or not _has_caption(path):
        return text or None  # a model that finds nothing to say takes no words away
    before = read_caption(path).text
    after = apply_edit(before, Edit(kind="add_tag", text=text))
    return after if after != before else None


def _has_caption(path: Path) -> bool:
    return path.with_suffix(".txt").is_file()
