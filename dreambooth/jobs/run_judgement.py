"""Which saved step of a training is good: what was measured at each, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.events import read_events_of
from dreambooth.jobs.run_story import RunStory
from dreambooth.jobs.runs import read_job
from dreambooth.verdict import History, judge, loss_of_save

KINDS = ("start", "checkpoint", "snapshot", "validation", "judged")


def judge_story(story: RunStory, saved: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The saves that are still there with their figures, the grid and the verdict; None without anything.

    Steps are of the model's life.
    """
    if not saved and not story.judged:
        return None
    before = story.steps_before
    drifts = {step: told["drift"] for step, told in story.judged.items() if told["drift"] is not None}
    history = History(
        saves=sorted({before + each["step"] for each in saved}),
        losses={before + step: loss for step, loss in story.validations.items()},
        drifts={before + step: drift for step, drift in drifts.items()},
    )
    grids = [story.judged[step]["grid"] for step in sorted(story.judged)]
    return {
        **asdict(judge(history)),
        "grid": next((grid for grid in reversed(grids) if Path(grid).exists()), None),
        "num_drawn": len(grids),
        "saves": [
            {
                "step": step,
                "validation": loss_of_save(step, history),
                "drift": history.drifts.get(step),
                "paths": list(dict.fromkeys(each["path"] for each in saved if before + each["step"] == step)),
            }
            for step in history.saves
        ],
    }


def judge_run(run: RunFolder, model_folder: Path) -> dict[str, Any] | None:
    """The same for a run whose story nobody has at hand, read from its events."""
    story = RunStory(read_job(run), model_folder, 0)
    events = [event for kind in KINDS for event in read_events_of(run, kind)]
    for event in sorted(events, key=lambda event: float(event["time"])):
        story.take(event)
    return judge_story(story, [each for each in story.checkpoints if Path(each["path"]).exists()])
