"""Jobs of the past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreambooth.actions.asked import asked_number
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.jobs.past_runs import list_past_runs

USUAL, MOST = 50, 500


def list_jobs(place: Workplace, values: Values) -> dict[str, Any]:
    """The last ``limit`` jobs (50) over all models and tools, the latest first."""
    limit = asked_number(values, "limit", USUAL, low=1, high=MOST)
    return {"jobs": list_past_runs(place.library, limit)}


ACTIONS: Mapping[str, Action] = {"jobs.list": list_jobs}
