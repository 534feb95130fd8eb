"""A place for actions, and actions performed as the page has them performed."""

from collections.abc import Callable
from typing import Any

import pytest

from dreambooth.actions.table import answer, find_actions
from dreambooth.actions.workplace import Workplace
from tests.actions.workshop import workplace


@pytest.fixture
def place(library) -> Workplace:
    """The library of a test with a host around it that has nothing yet."""
    return workplace(library)


@pytest.fixture
def perform_action(place) -> Callable[..., dict[str, Any]]:
    """Performs an action by its name."""
    table = find_actions()

    def perform(action: str, **values: object) -> dict[str, Any]:
        return answer(place, table, {"action": action, "values": values})

    return perform
