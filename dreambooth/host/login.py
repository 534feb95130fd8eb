"""How somebody shows who they are: the cookie of Gradio's login, or a password with each request."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping

from starlette.requests import HTTPConnection

from dreambooth.api.gate import Refusal
from dreambooth.visitors import is_own_page, names_this_machine

LOGIN_COOKIE = "access-token"  # how the names of Gradio's cookies begin, of every version
ASK_FOR_PASSWORD = {"www-authenticate": 'Basic realm="Dreambooth trainer"'}


def has_login(visitor: HTTPConnection, tokens: Mapping[str, object]) -> bool:
    """Whether a cookie says that somebody has logged in to Gradio's page."""
    return any(
        name.startswith(LOGIN_COOKIE) and tokens.get(value) is not None
        for name, value in visitor.cookies.items()
    )


def has_password(visitor: HTTPConnection, is_known: Callable[[str, str], bool]) -> bool:
    """Whether the request brings Basic credentials that are known."""
    scheme, _, encoded = visitor.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return False
    return bool(colon) and is_known(user, password)


def is_same(told: str, known: str) -> bool:
    """Whether two texts are the same, found out in the same time whatever they are."""
    return secrets.compare_digest(told.encode(), known.encode())


def refuse_foreign_page(visitor: HTTPConnection) -> Refusal | None:
    """Pages of other servers are refused, whatever their visitor may do here."""
    if is_own_page(visitor.headers.get("origin"), visitor.headers.get("host")):
        return None
    return Refusal(403, "only pages of this server may ask, and programs")


def refuse_foreign_name(visitor: HTTPConnection) -> Refusal | None:
    """Without a login this machine is asked by its own name alone."""
    if names_this_machine(visitor.headers.get("host")):
        return None
    return Refusal(403, "without a login this server answers to localhost and 127.0.0.1 only")
