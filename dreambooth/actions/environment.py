"""The training environment: how it is, making it, removing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreambooth.actions.asked import asked_flag, asked_text
from dreambooth.actions.background import Background, Progress
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.store import Busy, ConfigError
from dreambooth.environment import (
    EnvironmentInUse,
    EnvironmentProblem,
    environment_folder,
    find_environments,
    find_fault,
    remove_environments,
)
from dreambooth.environment.beginning import begin_making, find_making, log_of_making
from dreambooth.environment.removing import is_in_use
from dreambooth.environment.sizes import environment_bytes
from dreambooth.environment.versions import CHANGED, HALF_MADE, NOT_MADE, PYTHON_GONE
from dreambooth.jobs.living import living_runs

WHY = {
    NOT_MADE: "There is none yet.",
    CHANGED: "An update of the trainer needs other packages. What runs now goes on with the old ones.",
    HALF_MADE: "It was not finished.",
    PYTHON_GONE: "The Python that it was made with is gone: it was removed, or replaced by another.",
}
CONFIRMATION = "remove"
LINES_OF_LOG = 200
MEASUREMENTS = Background()


def state(_: Workplace, values: Values) -> dict[str, Any]:
    """Whether it is ready and what is wrong, how far its making is; with ``measure``, all of them with sizes.

    Sizes take a moment: they are None until somebody who asks again finds them worked out.
    """
    fault, making = find_fault(), find_making()
    told: dict[str, Any] = {
        "ready": fault is None,
        "fault": fault or "",
        "why": WHY[fault] if fault else "",
        "folder": str(environment_folder()),
        "making": {
            "state": making.state,
            "told": making.told,
            "began": making.began,
            "warnings": list(making.warnings),
            "downloaded_bytes": making.downloaded_bytes,
        },
        "log": log_of_making(LINES_OF_LOG),
    }
    return {**told, "environments": _describe_all()} if asked_flag(values, "measure") else told


def _describe_all() -> list[dict[str, Any]]:
    found = find_environments()
    sizes = MEASUREMENTS.ask(
        tuple(each.folder for each in found),
        lambda _: {str(each.folder): environment_bytes(each) for each in found},
    )
    return [
        {
            "folder": str(each.folder),
            "fault": each.find_fault() or "",
            "in_use": is_in_use(each),
            "bytes": None if isinstance(sizes, Progress) else sizes[str(each.folder)],
        }
        for each in found
    ]


def make(place: Workplace, _: Values) -> dict[str, Any]:
    """Begin to make it, in a process that goes on by itself; ``environment.state`` tells how far it is."""
    if find_fault() is not None:
        try:
            begin_making()
        except EnvironmentProblem as problem:
            raise ConfigError(str(problem)) from problem
    return state(place, {})


def remove(place: Workplace, values: Values) -> dict[str, Any]:
    """Remove it, old ones too; ``confirmation`` is the word ``remove``. Models and results stay."""
    if asked_text(values, "confirmation") != CONFIRMATION:
        raise ConfigError(f"confirmation: must be {CONFIRMATION}")
    if living_runs(place.library):
        raise Busy("a job is running in the training environment; wait for its end, or stop it")
    try:
        remove_environments()
    except EnvironmentInUse as problem:
        raise Busy(str(problem)) from problem
    except EnvironmentProblem as problem:
        raise ConfigError(str(problem)) from problem
    return state(place, {})


ACTIONS: Mapping[str, Action] = {
    "environment.state": state,
    "environment.make": make,
    "environment.remove": remove,
}
