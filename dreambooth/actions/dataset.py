"""Pictures of a folder or list with their captions, and one caption changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_number, asked_path, asked_text
from dreambooth.actions.asked_pictures import asked_root, find_sources
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.places import Reach, refusing_bad_data
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import written_whole
from dreambooth.config.resolution import resolution_for
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError
from dreambooth.data.buckets import Size, training_sizes
from dreambooth.data.errors import PictureError
from dreambooth.data.fitting import fitting_mask, fitting_size
from dreambooth.data.images import inspect_image
from dreambooth.data.loss_masks import look_at_mask
from dreambooth.data.picture_options import tell_options
from dreambooth.data.roots.caption_place import find_caption_file, find_fault
from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.reading import Words, read_words, tell_faults
from dreambooth.data.roots.source import Source
from dreambooth.data.tags import count_tags

MOST_PICTURES = 10_000_000
MOST_AT_ONCE = 200
UNKNOWN: dict[str, Any] = {"width": None, "height": None, "bucket": None, "mask": None, "fault": None}


def list_pictures(place: Workplace, values: Values) -> dict[str, Any]:
    """A part of the pictures whose name or caption holds ``search``, and how the model would crop them.

    Sizes come as pictures are looked at; the answer is ``complete`` with the last of them.
    """
    config = place.library.load(asked_text(values, "name")).config
    folder, search = asked_path(values, "folder"), asked_text(values, "search", "").casefold()
    resolution = resolution_for(config, folder)
    offset = asked_number(values, "offset", 0, high=MOST_PICTURES)
    limit = asked_number(values, "limit", 60, low=1, high=MOST_AT_ONCE)
    with refusing_bad_data():
        sources = [source for source in list_root(folder).sources if _is_meant(source, search)]
        part = sources[offset : offset + limit]
        told = [_describe(source) for source in part]
        paths = tuple(source.path for source in part)
        sizes = LOOKING.ask(
            ("sizes", config.data, config.augment, resolution, paths),
            lambda progress: _measure_all(paths, config, resolution, progress),
            place=("sizes", folder),
        )
    answer = {"complete": True, "total": len(sources), "offset": offset}
    if isinstance(sizes, Progress):
        return {**answer, "complete": False, "pictures": [{**each, **UNKNOWN} for each in told]}
    return {**answer, "pictures": [{**each, **sizes[each["path"]]} for each in told]}


def _is_meant(source: Source, search: str) -> bool:
    if not search or search in source.name.casefold():
        return True
    return search in read_words(source).caption.casefold()


def _describe(source: Source) -> dict[str, Any]:
    words = read_words(source)
    return {
        "path": str(source.path),
        "name": source.name,
        "caption": words.caption,
        "caption_from": _tell_origin(words),
        "fixed": find_fault(source, words) or None,
        "options": tell_options(words.options),
        "warning": "; ".join(tell_faults(words.faults)) or None,
    }


def _tell_origin(words: Words) -> str:
    """``name``, ``txt``, or the names of the files that make the caption."""
    if not words.files:
        return "name"
    if len(words.files) == 1 and words.files[0].suffix == ".txt":
        return "txt"
    return ", ".join(file.name for file in words.files)


def _measure_all(
    paths: Sequence[Path], config: TrainConfig, resolution: int, progress: Progress
) -> dict[str, Any]:
    measured = {}
    sizes = training_sizes(config.data, resolution)
    for number, path in enumerate(paths):
        progress.say(number, len(paths))
        measured[str(path)] = _measure(path, config, sizes)
    return measured


def _measure(path: Path, config: TrainConfig, sizes: Sequence[Size]) -> dict[str, Any]:
    """What is known of a picture once it was decoded; its mask as these settings use it."""
    told: dict[str, Any] = dict(UNKNOWN)
    try:
        info = inspect_image(path)
        told |= {"width": info.width_px, "height": info.height_px}
        size = fitting_size(info, sizes, config.data)
        told["bucket"] = f"{size.width_px}x{size.height_px}"
        mask = fitting_mask(info, config.augment)
    except PictureError as error:
        return {**told, "fault": error.reason}
    if mask is not None:
        told["mask"] = {"kind": mask.channel, "learnt_share": look_at_mask(mask).learnt_share}
    return told


def change_caption(place: Workplace, values: Values) -> dict[str, Any]:
    """Write a picture's caption; refused when it is no longer what the page showed as ``before``.

    Without words, the picture's name is its caption again.
    """
    path = Reach(place, values).picture(asked_text(values, "path"))
    caption = " ".join(asked_text(values, "caption").split())
    before = asked_text(values, "before")
    if not path.is_file():
        raise ConfigError(f"path: {path.name} is not there any more")
    with refusing_bad_data():
        (source,) = find_sources(values, [path])
        words = read_words(source)
        if words.caption != before:
            now = repr(words.caption)
            raise ConfigError(f"caption: it was changed meanwhile, to {now}; look at it before you change it")
        file = find_caption_file(source, words)
    with written_whole(file) as written:
        written.write(caption)
    LOOKING.forget()
    told = _describe(replace(source, beside=tuple(dict.fromkeys((*source.beside, file)))))
    return {key: told[key] for key in ("path", "caption", "caption_from")}


def tags(_: Workplace, values: Values) -> dict[str, Any]:
    """How many captions of a folder or list have each tag, the commonest first."""
    with refusing_bad_data():
        sources = asked_root(values).sources
        counts = count_tags(read_words(source).caption for source in sources)
    return {"images": len(sources), "tags": [{"tag": tag, "count": count} for tag, count in counts]}


ACTIONS: dict[str, Action] = {
    "dataset.list": list_pictures,
    "dataset.caption": change_caption,
    "dataset.tags": tags,
}
