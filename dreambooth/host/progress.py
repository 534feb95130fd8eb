"""Shows a run in the webui's own progress: bar, text and preview."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from dreambooth.config.folders import RunFolder
from dreambooth.events import Event, EventReader
from dreambooth.host.loaded import loaded
from dreambooth.jobs.runs import find_model, job_of

JOB = "dreambooth"


@contextmanager
def shown_job() -> Iterator[None]:
    """A job in the webui's state, as its own generations are; it ends whatever happens."""
    loaded("shared").state.begin(JOB)
    try:
        yield
    finally:
        loaded("shared").state.end()


class RunProgress:
    """What a run tells from now on, in the webui's numbers."""

    def __init__(self, run: RunFolder) -> None:
        size = run.events_file.stat().st_size if run.events_file.exists() else 0
        self._reader = EventReader(run, size)
        self._model = find_model(run)
        self._title = f"{JOB}: {job_of(run)} {self._model.name if self._model else ''}".rstrip()
        self._done, self._total, self._text = 0, 0, self._title

    def show(self) -> None:
        """Take what is new; all of it is said again, since waiting generations of the webui write over it."""
        for event in self._reader.read():
            self._take(event)
        state = loaded("shared").state
        state.job, state.job_count, state.job_no = JOB, 1, 0
        state.sampling_steps, state.sampling_step = self._total, self._done
        state.textinfo = self._text

    def say_stopping(self) -> None:
        """The run was asked to stop: a training does after its step, and saves."""
        self._text = f"{self._title}, stopping"

    def _take(self, event: Event) -> None:
        if event["event"] == "step":
            self._done, self._total = event["step"], event["num_steps"]
            self._text = f"{self._title}, step {self._done} of {self._total}"
        elif event["event"] == "progress":
            self._done, self._total = event["done"], event["total"]
            self._text = f"{self._title}, {event['what']}, {self._done} of {self._total}"
        elif event["event"] == "sample" and self._model is not None:
            _show_picture(self._model.path / event["path"])


def _show_picture(path: Path) -> None:
    try:
        with Image.open(path) as picture:
            shown = picture.convert("RGB")
    except FileNotFoundError:  # thrown away meanwhile
        return
    loaded("shared").state.assign_current_image(shown)
