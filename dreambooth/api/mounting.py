"""The app's place in a host's app: one mount among its routes, which is replaced when it is there."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

PREFIX = "/dreambooth"


def mount_api(app: Starlette, api: ASGIApp) -> None:
    """Answer everything under ``/dreambooth`` with our app, before whatever else the host has.

    Mounting again, as after a reload of the page, replaces what was mounted before.
    """
    mount = Mount(PREFIX, app=api)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)  # whatever an address may hold
    app.router.routes[:] = [mount, *(route for route in app.router.routes if not _is_ours(route))]


def unmount_api(app: Starlette) -> None:
    """Leave the app without us."""
    app.router.routes[:] = [route for route in app.router.routes if not _is_ours(route)]


def _is_ours(route: BaseRoute) -> bool:
    return isinstance(route, Mount) and route.path == PREFIX
