"""Which step is good: at every save the same pictures are drawn, and put below those of the saves before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from dreambooth.config.folders import written_whole
from dreambooth.tasks.job import Job
from dreambooth.training.grid import Row, draw_grid
from dreambooth.training.run import Run
from dreambooth.training.samples import make_previews
from dreambooth.training.views import View, drift_of

MOST_ROWS = 24  # of the grid; of more saves some are left out, never the first and the last
CELL_PX = 256
BEFORE = "before"


class Judging:
    """The pictures of one training's saves, as files, so that the grid grows without any model."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.folder = job.model_folder
        self.place = self.folder.samples / f"saves_{job.run.path.name}"
        self.grid = self.folder.samples / f"saves_{job.run.path.name}.png"
        self.lifetime_before: int = job.asked["lifetime_before"]["steps"]

    def draw(self, run: Run, views: Sequence[View]) -> None:
        """Draw all views with the weights that a save of this step holds, and the grid anew."""
        paths = [self._file(run.step, view) for view in views]
        with run.with_main_weights():
            learner, previews = run.learner, [view.preview for view in views]
            made = make_previews(learner.model, learner.device, previews, paths.__getitem__, self.folder.name)
            told = [
                {"path": self._told(path), "prompt": preview.wish.prompt, "seed": preview.wish.seed}
                for path, preview in made
            ]
        self._draw_grid(run.step, views)
        drift = self._drift(run.step, views) if run.step else None
        self.job.events.write("judged", step=run.step, grid=self._told(self.grid), drift=drift, pictures=told)

    def has_begun(self) -> bool:
        """Whether pictures from before the training are there."""
        return any(self.place.glob("00000000-*.png"))

    def _file(self, step: int, view: View) -> Path:
        return self.place / f"{step:08d}-{view.key}.png"

    def _told(self, path: Path) -> str:
        return path.relative_to(self.folder.path).as_posix()

    def _drift(self, step: int, views: Sequence[View]) -> float | None:
        ordinary = [view for view in views if view.kind == "ordinary"]
        before = [self._file(0, view) for view in ordinary]
        if not ordinary or not all(path.is_file() for path in before):
            return None
        drift = drift_of([*map(_open, before)], [_open(self._file(step, view)) for view in ordinary])
        return None if drift is None else round(drift, 4)

    def _draw_grid(self, step: int, views: Sequence[View]) -> None:
        rows = [
            Row(self._label(each), [self._cell(each, view) for view in views])
            for each in chosen_rows(self._steps(step))
        ]
        with written_whole(self.grid, "wb") as file:
            draw_grid(rows, [_head(view) for view in views]).save(file, "PNG")

    def _steps(self, last: int) -> list[int]:
        """Steps of the run whose pictures are there; those after the last are of what was taken back."""
        found = {int(name[1]) for path in self.place.iterdir() if (name := re.match(r"(\d{8})-", path.name))}
        return sorted(step for step in found if step <= last)

    def _label(self, step: int) -> str:
        return f"step {self.lifetime_before + step}" if step else BEFORE

    def _cell(self, step: int, view: View) -> Image.Image:
        """The picture, or white where another prompt was drawn at that time."""
        path = self._file(step, view)
        if not path.is_file():
            return Image.new("RGB", (CELL_PX, CELL_PX), "white")
        picture = _open(path)
        picture.thumbnail((CELL_PX, CELL_PX))
        return picture


def _head(view: View) -> str:
    """The prompt; ordinary pictures, of which there are several, have their seed too."""
    wish = view.preview.wish
    return f"{wish.prompt} (seed {wish.seed})" if view.kind == "ordinary" else wish.prompt


def chosen_rows(steps: Sequence[int]) -> list[int]:
    """At most ``MOST_ROWS`` of them, evenly, the first and the last among them."""
    if len(steps) <= MOST_ROWS:
        return list(steps)
    last = len(steps) - 1
    return [steps[round(number * last / (MOST_ROWS - 1))] for number in range(MOST_ROWS)]


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
