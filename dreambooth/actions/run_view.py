"""What goes on: the state of the page, a run, and its log."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dreambooth.actions.asked import asked_number, asked_text
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.jobs.library import Library
from dreambooth.jobs.page_state import PageState
from dreambooth.jobs.run_log import read_log_tail
from dreambooth.jobs.run_telling import read_cursor

MOST_LINES = 2000


@lru_cache(maxsize=8)
def _state_of(library: Library) -> PageState:
    """What this process remembers of the runs of a library."""
    return PageState(library)


def state(place: Workplace, values: Values) -> dict[str, Any]:
    """The queue, what ``model`` does, and ``run``, or what the model did last, since ``cursor``."""
    asked = {name: asked_text(values, name) if values.get(name) else None for name in ("model", "run")}
    return _state_of(place.library).tell(asked["model"], asked["run"], read_cursor(values.get("cursor")))


def view(place: Workplace, values: Values) -> dict[str, Any]:
    """The run ``run`` as it is now; of curves and samples what is new since ``cursor``."""
    run = place.library.find_run(asked_text(values, "run"))
    return _state_of(place.library).view(run, read_cursor(values.get("cursor")))


def log(place: Workplace, values: Values) -> dict[str, Any]:
    """The last ``lines`` lines that the worker of ``run`` printed."""
    run = place.library.find_run(asked_text(values, "run"))
    num_lines = asked_number(values, "lines", low=1, high=MOST_LINES)
    return {"lines": read_log_tail(run, num_lines)}


ACTIONS: dict[str, Action] = {"page.state": state, "run.view": view, "run.log": log}
