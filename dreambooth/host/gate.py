"""Who may come in: as the host lets people in, asked anew for every request.

Webuis protect routes of extensions neither by the login of their page nor by that of their API; so both are
looked at here, and either lets in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from dreambooth.actions.workplace import Host
from dreambooth.api.gate import Refusal
from dreambooth.host.login import (
    ASK_FOR_PASSWORD,
    has_login,
    has_password,
    is_same,
    refuse_foreign_name,
    refuse_foreign_page,
)


class LoginApp(Protocol):
    """What of Gradio's app is asked: whether it wants a login, and who has logged in."""

    auth: Any
    tokens: Mapping[str, object]


@dataclass(frozen=True)
class HostGate:
    """The gate of any host; each of its parts is asked at the time of the request."""

    gradio: Callable[[], LoginApp | None]
    passwords: Callable[[], Mapping[str, str]]  # those that come with each request, by user
    serves_others: Callable[[], bool]

    def find_refusal(self, visitor: HTTPConnection) -> Refusal | None:
        """Foreign pages are refused first; then who cannot show a login where there is one."""
        gradio, passwords = self.gradio(), self.passwords()
        wants_login = gradio is not None and gradio.auth is not None
        if refusal := refuse_foreign_page(visitor):
            return refusal
        if not (wants_login or passwords):
            return self._refuse_without_login(visitor)
        if gradio is not None and wants_login and has_login(visitor, gradio.tokens):
            return None
        if passwords and has_password(visitor, lambda user, word: _is_known(passwords, user, word)):
            return None
        advice = "log in to the page first" if wants_login else "send the user and password of the API"
        return Refusal(401, f"this host wants a login: {advice}", ASK_FOR_PASSWORD if passwords else {})

    def knows_password(self, password: str) -> bool:
        """Whether it is one of the API's passwords; all are compared, whichever is right."""
        known = [is_same(password, word) for word in self.passwords().values()]
        return any(known)

    def _refuse_without_login(self, visitor: HTTPConnection) -> Refusal | None:
        if self.serves_others():
            return Refusal(
                403,
                "this host serves other machines and has no login: start it with --gradio-auth or --api-auth "
                "user:password",
            )
        return refuse_foreign_name(visitor)


def gate_of_webui(app: Starlette, options: object, webui: Host) -> HostGate:
    """The gate of a webui, whose app and command line options these are."""
    return HostGate(
        gradio=lambda: find_login_app(app),
        passwords=lambda: read_passwords(options),
        serves_others=lambda: not webui.is_local(),
    )


def read_passwords(options: object) -> Mapping[str, str]:
    """The users of the API: of ``--api-auth``, and of ``--auth`` and ``--auth-file`` in SD.Next."""
    told = [getattr(options, name, None) or "" for name in ("api_auth", "auth")]
    if auth_file := getattr(options, "auth_file", None):
        told += Path(auth_file).read_text(encoding="utf-8").splitlines()
    pairs = [each.strip(' "\n').partition(":") for line in told for each in line.split(",")]
    return {user: password for user, _, password in pairs if user and password}


def find_login_app(app: Starlette) -> LoginApp | None:
    """Gradio's app: the host's own, or one that is mounted in it; None without any."""
    mounted = [route.app for route in app.router.routes if isinstance(route, Mount)]
    return next((each for each in [app, *mounted] if hasattr(each, "tokens") and hasattr(each, "auth")), None)


def _is_known(passwords: Mapping[str, str], user: str, password: str) -> bool:
    known = [is_same(user, name) & is_same(password, word) for name, word in passwords.items()]
    return any(known)  # all are compared, whichever is right
