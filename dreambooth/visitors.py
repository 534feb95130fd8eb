"""Where a browser's request comes from: a page of this server, or of somebody else's."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_own_page(origin: str | None, host: str | None) -> bool:
    """Whether a request can come from a page of the server that it asks; programs tell no origin."""
    return origin is None or urlsplit(origin).netloc == host


def names_this_machine(host: str | None) -> bool:
    """Whether a ``Host`` header names this machine by a name that nobody else can give to theirs.

    A foreign page may have its own name point here, and then passes for a page of this server.
    """
    try:
        name = urlsplit(f"//{host or ''}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
