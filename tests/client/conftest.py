"""A server with one small model, and a client of it."""

from collections.abc import Iterator

import pytest

from dreambooth.client import Client
from tests.actions.workshop import workplace
from tests.http_server import serve_api


@pytest.fixture
def url(library) -> Iterator[str]:
    """The address of a server of the test's library."""
    with serve_api(workplace(library)) as address:
        yield address


@pytest.fixture
def client(url) -> Client:
    """A client of that server."""
    return Client(url)
