"""Who comes in to our own server over HTTP: with ``--auth`` by the page's login or the same password."""

import httpx
import pytest

from dreambooth.actions.workplace import Workplace
from dreambooth.host.standalone import Listening, Standalone, build_app
from dreambooth.jobs.library import Library
from tests.host.loops import run_apart

MODELS = "/dreambooth/v1/models"


@pytest.fixture
def ask(tmp_path):
    """Asks a server for its models, logged in on its page or not; returns the status."""
    place = Workplace(Library(tmp_path / "models"), Standalone(tmp_path))

    def status(listening: Listening, *, login: tuple[str, str] | None = None, **more) -> int:
        async def request() -> int:
            transport = httpx.ASGITransport(app=build_app(place, listening))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7861") as client:
                if login:
                    await client.post("/login", data=dict(zip(("username", "password"), login, strict=True)))
                return (await client.get(MODELS, **more)).status_code

        return run_apart(request)

    return status


def test_this_machine_needs_no_login(ask):
    assert ask(Listening(port=1)) == 200


@pytest.mark.parametrize(
    "headers", [{"host": "elsewhere.example:7861"}, {"origin": "http://elsewhere.example"}]
)
def test_foreign_pages_are_refused(ask, headers):
    assert ask(Listening(port=1), headers=headers) == 403


def test_login_or_password_lets_in(ask):
    listening = Listening(port=1, to_all=True, user="me", password="a:b")
    assert ask(listening) == 401
    assert ask(listening, auth=("me", "a")) == 401
    assert ask(listening, auth=("me", "a:b")) == 200
    assert ask(listening, login=("me", "a:b")) == 200
    assert ask(listening, login=("me", "wrong")) == 401
