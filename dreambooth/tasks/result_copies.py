"""Where else the results of a training appear: in the webui's own folder, and where the user wants copies."""

from __future__ import annotations

import filecmp
from itertools import count
from pathlib import Path

from dreambooth.config.settings import TrainConfig
from dreambooth.events import read_events
from dreambooth.tasks.cards import copy_beside, copy_result, link_result, remove_result
from dreambooth.tasks.job import Job


class ResultCopies:
    """The copies of one training's results; what the webui shows goes when the result itself goes."""

    def __init__(self, job: Job, config: TrainConfig) -> None:
        self._job = job
        self._copy_to = Path(config.saving.copy_to) if config.saving.copy_to else None
        folder = job.asked.get("webui_folder")
        self._webui_folder = Path(folder) if folder and config.saving.to_webui else None
        shown = [
            event for event in read_events(job.run) if event["event"] == "checkpoint" and "webui" in event
        ]
        self._shown = {Path(event["path"]).name: Path(event["webui"]) for event in shown}

    def make(self, result: Path) -> Path | None:
        """Copy a result to all places; returns where the webui finds it, if it does."""
        if self._copy_to is not None:
            copy_result(result, self._copy_to / result.name)
            self._job.tell_saved(self._copy_to / result.name)
        return None if self._webui_folder is None else self._show(result, self._webui_folder)

    def renew(self, result: Path) -> None:
        """Something beside a result has changed."""
        if self._copy_to is not None:
            copy_beside(result, self._copy_to / result.name)
        shown = self._shown.get(result.name)
        if shown is not None and shown.exists():  # else the user took it away
            copy_beside(result, shown)

    def remove(self, result: Path) -> None:
        """A result is gone; the copies that the user wanted stay."""
        shown = self._shown.pop(result.name, None)
        if shown is not None:
            remove_result(shown)

    def _show(self, result: Path, folder: Path) -> Path | None:
        shown = self._shown.get(result.name) or _find_place(result, folder)
        try:
            link_result(result, shown)
        except OSError as error:  # a training is worth more than its place in a list
            self._job.warn(f"{shown} could not be written: {error.strerror}; {result} has been saved")
            return None
        self._shown[result.name] = shown
        self._job.tell_saved(shown)
        return shown


def _find_place(result: Path, folder: Path) -> Path:
    """A name that is free there, or that of the same file: nothing of somebody else's is written over."""
    places = (folder / f"{result.stem}{f'-{n}' if n else ''}{result.suffix}" for n in count(0))
    return next(place for place in places if not place.exists() or filecmp.cmp(result, place, shallow=False))
