"""TensorBoard of the training environment, on this machine alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.jobs.tensorboard import find_board, start_board, stop_board


def start(place: Workplace, values: Values) -> dict[str, Any]:
    """Show the curves of the model ``name``, or of all models without one."""
    return start_board(place.library, asked_text(values, "name", ""))


def stop(place: Workplace, _: Values) -> dict[str, Any]:
    """End it."""
    return stop_board(place.library)


def state(place: Workplace, _: Values) -> dict[str, Any]:
    """Whether it runs, and where."""
    return find_board(place.library)


ACTIONS: Mapping[str, Action] = {
    "tensorboard.start": start,
    "tensorboard.stop": stop,
    "tensorboard.state": state,
}
