"""A client of the API over a library with one fresh model."""

from collections.abc import Iterator

import httpx
import pytest

from dreambooth.actions.workplace import Workplace
from tests.actions.workshop import workplace
from tests.api.server import client_of


@pytest.fixture
def place(library) -> Workplace:
    """The library of a test with a host around it that has nothing yet."""
    return workplace(library)


@pytest.fixture
def client(place) -> Iterator[httpx.Client]:
    """Asks it over HTTP."""
    with client_of(place) as client:
        yield client
