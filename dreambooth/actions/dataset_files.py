"""Files of a dataset: those that look alike, copies cut to size, files taken away and brought in."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_flag, asked_path, asked_text
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.dataset_bulk import begin_work
from dreambooth.actions.places import asked_pictures, refusing_bad_data
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.data import DataConfig
from dreambooth.config.folders import written_whole
from dreambooth.config.resolution import resolution_for
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size, training_sizes
from dreambooth.data.concepts import Picture, read_pictures
from dreambooth.data.cropped_copies import Copy, plan_copies, write_copy
from dreambooth.data.duplicates import Fingerprint, group_alike, read_fingerprint
from dreambooth.data.errors import PictureError
from dreambooth.data.fitting import fitting_size
from dreambooth.data.listing import Skipped
from dreambooth.data.moving import move_with_caption
from dreambooth.data.roots.opening import list_root


def duplicates(_: Workplace, values: Values) -> dict[str, Any]:
    """Groups of pictures in a folder or list that look alike; not ``complete`` until all are looked at."""
    folder = asked_path(values, "folder")
    with refusing_bad_data():
        paths = list_root(folder).paths
        answer = LOOKING.ask(
            ("duplicates", paths), partial(_find_duplicates, paths), place=("duplicates", folder)
        )
    if isinstance(answer, Progress):
        return {"complete": False, "done": answer.done, "total": answer.total, "groups": []}
    return answer


def _find_duplicates(paths: Sequence[Path], progress: Progress) -> dict[str, Any]:
    prints: dict[Path, Fingerprint] = {}
    for number, path in enumerate(paths):
        progress.say(number, len(paths))
        prints |= _read_print(path)
    groups = [[str(path) for path in group] for group in group_alike(prints)]
    return {"complete": True, "done": len(paths), "total": len(paths), "groups": groups}


def _read_print(path: Path) -> Mapping[Path, Fingerprint]:
    try:
        return {path: read_fingerprint(path)}
    except (PictureError, OSError):
        return {}  # the summary of the concept tells of it


def crop(place: Workplace, values: Values) -> dict[str, Any]:
    """Copies of a folder's pictures at the size that the model trains them, with captions, in ``to``.

    With ``dry_run`` they are only counted by size.
    """
    config = place.library.load(asked_text(values, "name")).config
    folder, to = asked_path(values, "folder"), asked_path(values, "to")
    with refusing_bad_data():
        list_root(folder)
        return begin_work(partial(_crop, folder, to, config, is_dry_run=asked_flag(values, "dry_run")))


def _crop(
    folder: Path, to: Path, config: TrainConfig, progress: Progress, *, is_dry_run: bool
) -> dict[str, Any]:
    pictures = read_pictures([folder])
    sizes = training_sizes(config.data, resolution_for(config, folder))
    fitted = [_fit(picture, sizes, config.data) for picture in pictures.usable]
    skipped = [*pictures.skipped, *(each for each in fitted if isinstance(each, Skipped))]
    copies = plan_copies([each for each in fitted if not isinstance(each, Skipped)], folder, to)
    written = [] if is_dry_run else copies
    for number, copy in enumerate(written):
        progress.say(number, len(copies))
        write_copy(copy)
    return {
        "complete": True,
        "sizes": _count_sizes(copies),
        "written": len(written),
        "to": str(to),
        "skipped": [{"name": file.path.name, "reason": file.reason} for file in skipped],
    }


def _fit(picture: Picture, sizes: Sequence[Size], data: DataConfig) -> tuple[Picture, Size] | Skipped:
    try:
        return picture, fitting_size(picture.image, sizes, data)
    except PictureError as error:
        return Skipped(picture.image.path, error.reason)


def _count_sizes(copies: Sequence[Copy]) -> dict[str, int]:
    sizes = Counter(copy.size for copy in copies)
    return {f"{size.width_px}x{size.height_px}": count for size, count in sorted(sizes.items())}


def remove(place: Workplace, values: Values) -> dict[str, Any]:
    """Put pictures and their captions among the model's backups; ``removed.json`` says where they were."""
    name = asked_text(values, "name")
    place.library.load(name)
    paths = list(dict.fromkeys(asked_pictures(place, values)))
    backup = place.library.folder(name).backups / "removed" / time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    origins_file = backup / "removed.json"
    origins = json.loads(origins_file.read_text(encoding="utf-8")) if origins_file.exists() else {}
    for path in paths:
        origins[move_with_caption(path, backup).name] = str(path)
        with written_whole(origins_file) as file:
            json.dump(origins, file, indent=2, ensure_ascii=False)
    LOOKING.forget()
    return {"removed": len(paths), "backup": str(backup)}


ACTIONS: dict[str, Action] = {
    "dataset.duplicates": duplicates,
    "dataset.crop": crop,
    "dataset.remove": remove,
}
