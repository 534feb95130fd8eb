"""Writes captions by a model that the user brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from dreambooth.captioning.blip import load_blip
from dreambooth.captioning.wd14 import load_wd14
from dreambooth.data.caption_journal import Journal, plan_change
from dreambooth.data.images import find_images
from dreambooth.data.pictures import load_picture
from dreambooth.data.roots.caption_place import find_caption_file, find_fault
from dreambooth.data.roots.reading import Words, read_words
from dreambooth.data.roots.source import Source
from dreambooth.data.tags import Edit, apply_edit
from dreambooth.tasks.job import Job
from dreambooth.training.device import choose_device


@dataclass(frozen=True)
class Captioned:
    """A picture, its words so far, and why they cannot be changed here, if so."""

    source: Source
    words: Words
    fault: str


def caption(job: Job) -> dict[str, Any]:
    """Describe every picture of a folder or list that is meant; the captions before can be put back."""
    folder, mode = Path(job.asked["folder"]), job.asked["mode"]
    found = find_images(folder)
    for skipped in found.skipped:
        job.warn(f"{skipped.path.name} is left out: {skipped.reason}")
    captions = [_find_caption(source) for source in found.sources]
    meant = [each for each in captions if mode != "missing" or not each.words.files]
    fixed = [each for each in meant if each.fault]
    if fixed:
        first = fixed[0]
        more = f"; so are {len(fixed) - 1} others" if len(fixed) > 1 else ""
        job.warn(f"{first.source.name} stays as it is: {first.fault}{more}")
    changing = [each for each in meant if not each.fault]
    num_written = _describe_all(job, changing) if changing else 0
    return {"folder": str(folder), "pictures": len(found.images), "written": num_written}


def _find_caption(source: Source) -> Captioned:
    words = read_words(source)
    return Captioned(source, words, find_fault(source, words))


def _describe_all(job: Job, pictures: list[Captioned]) -> int:
    describe = _load(job)
    journal = Journal(job.model_folder.backups / "captions")
    num_written = 0
    for number, each in enumerate(pictures):
        job.progress("captions", number, len(pictures))
        job.stop_if_asked("stopped; the captions written so far stay, and can be taken back")
        text = _combine(each.words, describe(load_picture(each.source.path)), job.asked["mode"])
        if text is not None:
            journal.write([plan_change(find_caption_file(each.source, each.words), text)])
            num_written += 1
    job.progress("captions", len(pictures), len(pictures))
    return num_written


def _load(job: Job) -> Callable[[Image.Image], str]:
    folder = Path(job.asked["tagger"])
    job.take_device()
    if job.asked["which"] == "wd14":
        return load_wd14(folder, job.asked["threshold"])
    return load_blip(folder, choose_device(job.load_config().precision).device)


def _combine(words: Words, text: str, mode: str) -> str | None:
    """The caption from now on; None where it stays as it is."""
    if mode != "append" or not words.files:
        return text or None  # a model that finds nothing to say takes no words away
    after = apply_edit(words.caption, Edit(kind="add_tag", text=text))
    return after if after != words.caption else None
