"""What a page is told of a run: its status, and of its curves and samples what is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.jobs.run_judgement import judge_story
from dreambooth.jobs.run_status import Status, describe_status, find_message
from dreambooth.jobs.run_story import RunStory


@dataclass(frozen=True)
class Cursor:
    """How far somebody has heard a run."""

    run: str
    generation: int
    step: int = 0
    samples: int = 0

    def to_json(self) -> dict[str, Any]:
        """As it goes to the page and comes back."""
        return {"run": self.run, "generation": self.generation, "step": self.step, "samples": self.samples}


def read_cursor(told: object) -> Cursor | None:
    """A cursor as it came back; None, which means from the beginning, for anything else."""
    if not isinstance(told, Mapping):
        return None
    values = (told.get(name) for name in ("generation", "step", "samples"))
    numbers = [value for value in values if isinstance(value, int) and value >= 0]
    return Cursor(str(told.get("run")), *numbers) if len(numbers) == 3 else None


def tell_story(run: str, story: RunStory, status: Status, cursor: Cursor | None) -> dict[str, Any]:
    """The run as it is now; ``is_whole`` when curves and samples are told from their beginning."""
    saved = [each for each in story.checkpoints if Path(each["path"]).exists()]
    curves, generation = story.curves, story.curves.generation
    is_known = cursor is not None and (cursor.run, cursor.generation) == (run, generation)
    since = cursor if cursor is not None and is_known else Cursor(run, generation)
    return {
        "run": run,
        "job": story.job,
        "status": status,
        "words": describe_status(status, story),
        "message": find_message(status, story),
        "result": story.end.get("result") if story.end else None,
        "began": story.worker["time"] if story.worker else None,
        "ended": story.end["time"] if story.end else None,
        **_tell_steps(story, is_running=status == "running"),
        "warnings": list(story.warnings),
        "num_class_images": story.num_class_images,
        "class_images": [path for path in story.class_images if Path(path).exists()],
        "summary": story.summary,
        "checkpoints": saved,
        "judgement": judge_story(story, saved),
        "changes": story.changes,
        "samples": story.samples[since.samples :],
        "curves": curves.since(since.step),
        "means": story.means.since(since.step),
        "is_whole": not is_known,
        "cursor": Cursor(run, generation, curves.closed_to, len(story.samples)).to_json(),
    }


def _tell_steps(story: RunStory, *, is_running: bool) -> dict[str, Any]:
    """How far it is, and how fast."""
    step, num_steps, last = story.step, story.num_steps, story.last_step or {}
    pace = story.steps_per_second if is_running and story.is_training else None
    progress = story.progress
    if progress is None and story.is_training:
        progress = {"what": "training", "done": step, "total": num_steps}
    return {
        "progress": progress,
        "step": step,
        "num_steps": num_steps,
        "epoch": last.get("epoch"),
        "lifetime_step": None if step is None else story.steps_before + step,
        "lifetime_epochs": None if step is None else story.epochs_before + last.get("epoch", 0),
        "steps_per_second": pace,
        "eta_seconds": (num_steps - step) / pace if pace and step is not None and num_steps else None,
        "device": story.start["device"] if story.start else None,
    }
