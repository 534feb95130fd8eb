"""Who may come in: what the app asks of a host's gate, for every request anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from starlette.requests import HTTPConnection


@dataclass(frozen=True)
class Refusal:
    """Why somebody is not let in, and what else a browser is told."""

    status: Literal[401, 403]
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Gate(Protocol):
    """What a host knows of those who ask."""

    def find_refusal(self, visitor: HTTPConnection) -> Refusal | None:
        """Why this request is refused; None: it may come in."""

    def knows_password(self, password: str) -> bool:
        """Whether it is a password of the API, whoever's; never without ``--api-auth``."""
