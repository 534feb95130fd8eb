"""A program of the old extension: it sends what such programs sent, and reads what they read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from dreambooth.actions.workplace import Workplace
from tests.actions.workshop import workplace
from tests.http_server import serve_api


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """As JSON."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Program:
    """Asks below ``/dreambooth``; ``headers`` come with every request."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: object) -> Answer:
        """A GET with a query."""
        return self._ask("GET", self._address(path, query), None, {})

    def post(self, path: str, send: object = None, **query: object) -> Answer:
        """A POST with a query, and maybe with JSON."""
        body = b"" if send is None else json.dumps(send).encode()
        headers = {} if send is None else {"content-type": "application/json"}
        return self._ask("POST", self._address(path, query), body, headers)

    def send(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        """Any body of any kind."""
        return self._ask(method, self._address(path, {}), body, {"content-type": kind})

    def form(self, method: str, path: str, **fields: str) -> Answer:
        """A form."""
        return self._ask(method, self._address(path, {}), urlencode(fields).encode(), {})

    def _address(self, path: str, query: Mapping[str, object]) -> str:
        return f"{self.url}/dreambooth/{path}?{urlencode(query)}"

    def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        request = Request(url, body, {**self.headers, **headers}, method=method)
        try:
            with urlopen(request, timeout=120) as answer:
                return _read(answer)
        except HTTPError as error:
            return _read(error)


def _read(answer: HTTPResponse | HTTPError) -> Answer:
    return Answer(
        answer.status or 0, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    )


@pytest.fixture
def place(library) -> Workplace:
    """The library of a test with a host around it that has nothing yet."""
    return workplace(library)


@pytest.fixture
def program(place) -> Iterator[Program]:
    """A program that asks a server of that place."""
    with serve_api(place) as url:
        yield Program(url)
