"""Pictures of runs, kept in this process and brought up to date by whatever was added to their events."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.jobs.run_status import Status, describe_status, find_status
from dreambooth.jobs.run_story import RunStory
from dreambooth.jobs.run_telling import Cursor, tell_story
from dreambooth.jobs.runs import is_alive, read_job
from dreambooth.jobs.sparse_events import read_events_sparsely

VIEWS_KEPT = 16
NOTHING = {"run": None, "status": "none", "words": "nothing has run yet", "cursor": None}


class RunView:
    """One run. ``tell`` may be called from several threads."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._lock = Lock()
        self._story: RunStory | None = None
        self._offset = 0
        self._file: tuple[int, int] | None = None  # device and number of the file that was read
        self._generation = 0

    def tell(self, place: str, cursor: Cursor | None) -> dict[str, Any]:
        """The picture as it is now; of curves and samples what is new since the cursor, or all."""
        with self._lock:
            story, status = self._look()
            if story is None:
                return {**NOTHING, "run": place, "words": "this run is not there any more"}
            return tell_story(place, story, status, cursor)

    def glance(self) -> dict[str, Any]:
        """What a queue shows of the run."""
        with self._lock:
            story, status = self._look()
            if story is None:
                return {"status": status}
            began = story.worker["time"] if story.worker else None
            told = {"job": story.job, "status": status, "words": describe_status(status, story)}
            before = story.waiting.get("before", 1) if story.waiting else 0
            steps = {"step": story.step, "num_steps": story.num_steps}
            return {**told, **steps, "began": began, "before": before}

    def _look(self) -> tuple[RunStory | None, Status]:
        was_alive = is_alive(self.run)  # asked before reading: what it says last is read after it is gone
        story = self._read_on()
        return story, find_status(self.run, story, was_alive=was_alive) if story else "none"

    def _read_on(self) -> RunStory | None:
        try:
            if self._story is None or self._is_other_file():
                self._begin()
            self._read_events()
        except (OSError, ValueError, KeyError):  # deleted, or not yet whole
            self._story = None
        return self._story

    def _is_other_file(self) -> bool:
        try:
            told = self.run.events_file.stat()
        except FileNotFoundError:
            return self._file is not None
        is_same = self._file is None or self._file == (told.st_dev, told.st_ino)
        self._file = (told.st_dev, told.st_ino)
        return not is_same or told.st_size < self._offset

    def _begin(self) -> None:
        """Forget everything; the new generation is one that no browser has heard of."""
        asked = read_job(self.run)
        self._generation = max(self._generation + 1, int(time.time() * 1000))
        model_folder = Path(os.path.normpath(self.run.path / asked.get("model_dir", ".")))
        self._story, self._offset, self._file = RunStory(asked, model_folder, self._generation), 0, None

    def _read_events(self) -> None:
        story, file = self._story, self.run.events_file
        if story is None or not self.run.config_file.exists():
            raise FileNotFoundError(self.run.config_file)
        if file.exists() and file.stat().st_size > self._offset:
            for offset, events in read_events_sparsely(file, self._offset):
                self._offset = offset
                for event in events:
                    story.take(event)
            self._generation = story.curves.generation


class RunViews:
    """The views that were asked for last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._views: OrderedDict[Path, RunView] = OrderedDict()

    def find(self, run: RunFolder) -> RunView:
        """The view of a run."""
        with self._lock:
            view = self._views.setdefault(run.path, RunView(run))
            self._views.move_to_end(run.path)
            while len(self._views) > VIEWS_KEPT:
                self._views.popitem(last=False)
            return view
