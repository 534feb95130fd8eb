"""How a run is, in one word and in a few."""

from __future__ import annotations

from typing import Literal

from dreambooth.config.folders import RunFolder
from dreambooth.jobs.run_end import LOST, silent_end, was_just_given
from dreambooth.jobs.run_story import RunStory

Status = Literal[
    "running", "waiting", "paused", "done", "stopped", "discarded", "refused", "failed", "lost", "none"
]


def find_status(run: RunFolder, story: RunStory, *, was_alive: bool) -> Status:
    """``was_alive``: whether its lock was held before the events were read."""
    if story.end is not None:
        status: Status = story.end["outcome"]
        return status
    if was_alive or (story.worker is None and was_just_given(run)):
        return "waiting" if story.waiting else "running"
    silent: Status = silent_end(run)["outcome"]
    return silent


def describe_status(status: Status, story: RunStory) -> str:
    """The status as people read it; what went wrong stands in the message."""
    if status == "running":
        return _describe_work(story)
    if status == "stopped" and story.job == "train" and story.step is not None:
        return f"stopped at step {story.step} of {story.num_steps}; it can go on"
    if status == "paused":
        where = (
            "before its first step" if story.step is None else f"at step {story.step} of {story.num_steps}"
        )
        return f"paused {where}; the device is free for other work"
    if status == "waiting" and story.waiting is not None:
        return f"waiting: {story.waiting.get('message', 'another job is running')}"
    words: dict[Status, str] = {
        "done": "done" if story.step is None else f"done: {story.step} steps",
        "stopped": "stopped",
        "discarded": "discarded: the model is as it was last saved",
        "refused": "refused",
        "failed": "failed",
        "lost": "ended without a word",
        "none": "nothing has run yet",
    }
    return words.get(status, status)


def _describe_work(story: RunStory) -> str:
    if story.progress is not None:
        return "{what}: {done} of {total}".format_map(story.progress)
    if story.rest_seconds:
        return f"resting for {story.rest_seconds} s at step {story.step} of {story.num_steps}"
    if story.is_training:
        return f"training: step {story.step} of {story.num_steps}"
    return f"{story.job}: preparing" if story.worker else f"{story.job}: starting"


def find_message(status: Status, story: RunStory) -> str | None:
    """What the end tells, and what to do; None when there is nothing to tell."""
    if status == "lost":
        return str(LOST["message"])
    return story.end.get("message") if story.end else None
