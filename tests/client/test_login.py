"""The login of the page, with the Gradio of our own environment."""

import pytest

from dreambooth.client import Client, LoginNeeded
from dreambooth.host.standalone import Listening, build_app
from dreambooth.jobs.library import Library
from tests.actions.workshop import workplace
from tests.conftest import MODEL
from tests.http_server import serve_app


@pytest.fixture(scope="module")
def url(made_models):
    """Our own server with a login."""
    app = build_app(workplace(Library(made_models)), Listening(port=0, user="ann", password="secret"))
    with serve_app(app) as address:
        yield address


def test_who_has_logged_in_may_ask(url):
    client = Client(url)
    with pytest.raises(LoginNeeded, match="login"):
        client.models()
    client.login("ann", "secret")
    assert [model["name"] for model in client.models()] == [MODEL]


def test_wrong_password_is_told(url):
    client = Client(url)
    with pytest.raises(LoginNeeded, match="no such user"):
        client.login("ann", "wrong")
    with pytest.raises(LoginNeeded):
        client.models()


def test_user_and_password_may_come_with_each_request(url):
    assert [model["name"] for model in Client(url, "ann", "secret").models()] == [MODEL]
