"""Pictures of a folder with their captions, and one caption changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_number, asked_path, asked_text
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.places import Reach, refusing_bad_data
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import written_whole
from dreambooth.config.resolution import resolution_for
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError
from dreambooth.data.buckets import Size, training_sizes
from dreambooth.data.captions import read_caption
from dreambooth.data.errors import PictureError
from dreambooth.data.fitting import fitting_mask, fitting_size
from dreambooth.data.images import inspect_image
from dreambooth.data.listing import list_files
from dreambooth.data.loss_masks import look_at_mask
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
        paths = [path for path in list_files(folder).pictures if _is_meant(path, folder, search)]
        part = paths[offset : offset + limit]
        told = [_describe(path, folder) for path in part]
        sizes = LOOKING.ask(
            ("sizes", config.data, config.augment, resolution, tuple(part)),
            lambda progress: _measure_all(part, config, resolution, progress),
            place=("sizes", folder),
        )
    answer = {"complete": True, "total": len(paths), "offset": offset}
    if isinstance(sizes, Progress):
        return {**answer, "complete": False, "pictures": [{**each, **UNKNOWN} for each in told]}
    return {**answer, "pictures": [{**each, **sizes[each["path"]]} for each in told]}


def _is_meant(path: Path, folder: Path, search: str) -> bool:
    if not search or search in str(path.relative_to(folder)).casefold():
        return True
    return search in read_caption(path).text.casefold()


def _describe(path: Path, folder: Path) -> dict[str, Any]:
    caption = read_caption(path)
    return {
        "path": str(path),
        "name": path.relative_to(folder).as_posix(),
        "caption": caption.text,
        "caption_from": "txt" if path.with_suffix(".txt").is_file() else "name",
        "warning": caption.warning,
    }


def _measure_all(
    paths: list[Path], config: TrainConfig, resolution: int, progress: Progress
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
    """Write a picture's caption; refused when it is no longer what the page showed as ``before``."""
    path = Reach(place, values).picture(asked_text(values, "path"))
    caption = " ".join(asked_text(values, "caption").split())
    before = asked_text(values, "before")
    if not path.is_file():
        raise ConfigError(f"path: {path.name} is not there any more")
    with refusing_bad_data():
        now = read_caption(path).text
    if now != before:
        raise ConfigError(f"caption: it was changed meanwhile, to {now!r}; look at it before you change it")
    with written_whole(path.with_suffix(".txt")) as file:
        file.write(caption)
    LOOKING.forget()
    return {"path": str(path), "caption": caption, "caption_from": "txt"}


def tags(_: Workplace, values: Values) -> dict[str, Any]:
    """How many captions of a folder have each tag, the commonest first."""
    with refusing_bad_data():
        paths = list_files(asked_path(values, "folder")).pictures
        counts = count_tags(read_caption(path).text for path in paths)
    return {"images": len(paths), "tags": [{"tag": tag, "count": count} for tag, count in counts]}


ACTIONS: dict[str, Action] = {
    "dataset.list": list_pictures,
    "dataset.caption": change_caption,
    "dataset.tags": tags,
}
