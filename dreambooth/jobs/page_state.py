"""What a page asks for again and again: the queue, what the chosen model does, and the run to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.jobs.library import Library
from dreambooth.jobs.living import living_runs
from dreambooth.jobs.model_list import list_revision, settings_revision
from dreambooth.jobs.run_telling import Cursor
from dreambooth.jobs.run_views import NOTHING, RunViews
from dreambooth.jobs.runs import find_model, job_of
from dreambooth.jobs.trainings import find_interrupted, find_last_training


@dataclass(frozen=True)
class PageState:
    """Tells pages of a library how things are now."""

    library: Library
    views: RunViews = field(default_factory=RunViews)

    def tell(self, name: str | None, run_place: str | None, cursor: Cursor | None) -> dict[str, Any]:
        """The state for a page on which the model ``name`` is chosen, and a run is asked for, or neither."""
        folder = self._find_model(name)
        living = living_runs(self.library)
        own = [run for run in living if folder is not None and run.path.parent == folder.runs]
        training = next((run for run in own if job_of(run) == "train"), None)
        alive = training or next(iter(own), None)
        shown = self.library.find_run(run_place) if run_place else alive or self._last_training(folder)
        return {
            "model": folder.name if folder else None,
            "queue": self._tell_queue(living),
            "alive": self._place(alive),
            "alive_training": self._place(training),
            "resumable": find_interrupted(self.library, folder.name) if folder and not training else None,
            "revisions": {
                "settings": settings_revision(folder) if folder else None,
                "models": list_revision(self.library),
            },
            "view": self.view(shown, cursor),
        }

    def view(self, run: RunFolder | None, cursor: Cursor | None) -> dict[str, Any]:
        """A run as it is now, and what is new of it since the cursor."""
        if run is None:
            return dict(NOTHING)
        return self.views.find(run).tell(self.library.run_place(run), cursor)

    def _find_model(self, name: str | None) -> ModelFolder | None:
        """The model's folder; None when somebody has deleted it meanwhile."""
        folder = self.library.folder(name) if name else None
        return folder if folder is not None and folder.is_model() else None

    def _last_training(self, folder: ModelFolder | None) -> RunFolder | None:
        return find_last_training(folder) if folder else None

    def _place(self, run: RunFolder | None) -> str | None:
        return self.library.run_place(run) if run else None

    def _tell_queue(self, living: list[RunFolder]) -> list[dict[str, Any]]:
        """The jobs that are alive, in their turn; ``before`` counts those that a job waits for."""
        told = [
            {"run": self._place(run), "model": _name_model(run), **self.views.find(run).glance()}
            for run in living
        ]
        alive = [each for each in told if each["status"] in ("running", "waiting")]
        return sorted(alive, key=lambda each: (each["before"], each["began"] or 0))


def _name_model(run: RunFolder) -> str | None:
    folder = find_model(run)
    return folder.name if folder else None
