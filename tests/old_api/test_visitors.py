"""Who may ask the old endpoints: by the key that old programs send, and no page of another server."""

from dataclasses import replace

import pytest

from tests.conftest import MODEL
from tests.http_server import Login, gate_with, serve_api
from tests.old_api.conftest import Program

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"
CHANGING = ("cancel", "samples", "checkpoint")


@pytest.fixture
def locked(place):
    """A program that asks a server with passwords for its API."""
    with serve_api(place, gate_with({"ann": "secret", "bob": "other"})) as url:
        yield Program(url)


def test_nobody_comes_in_without_a_key(locked):
    assert locked.get("models").status == 401
    assert locked.get("models", api_key="wrong").status == 401
    assert locked.get("models", api_key="").status == 401


@pytest.mark.parametrize("key", ["secret", "other"])
def test_any_password_of_the_api_is_a_key(locked, key):
    assert locked.get("models", api_key=key).json == ["", MODEL]


@pytest.mark.parametrize("header", ["api_key", "api-key"])
def test_key_may_come_in_a_header(locked, header):
    assert replace(locked, headers={header: "secret"}).get("models").status == 200


def test_key_may_come_in_a_form(locked, library):
    answer = locked.form("DELETE", "model", model_name=MODEL, api_key="secret")
    assert (answer.status, library.names()) == (200, [])


def test_wrong_key_in_a_form_changes_nothing(locked, library):
    assert locked.form("DELETE", "model", model_name=MODEL, api_key="wrong").status == 401
    assert library.names() == [MODEL]


def test_key_opens_nothing_but_the_old_endpoints(locked):
    assert locked.get("v1/models", api_key="secret").status == 401
    assert locked.get("openapi.json", api_key="secret").status == 401


def test_key_is_no_login_of_the_page(place):
    with serve_api(place, gate_with(login=Login(auth={"ann": "secret"}))) as url:
        assert Program(url).get("models", api_key="secret").status == 401


def test_without_passwords_any_key_is_passed_over(program):
    assert program.get("models", api_key="whatever").status == 200


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": BROWSER},
        {"user-agent": BROWSER, "sec-fetch-site": "cross-site"},
        {"user-agent": BROWSER, "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_pages_of_other_servers_change_nothing(program, path, headers):
    answer = replace(program, headers=headers).get(path, model_name=MODEL, sample_prompt="a robot")
    assert (answer.status, "x-requested-with" in answer.json["message"]) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "python-requests/2.32"},
        {"user-agent": BROWSER, "sec-fetch-site": "same-origin"},
        {"user-agent": BROWSER, "sec-fetch-site": "none"},
        {"user-agent": BROWSER, "x-requested-with": "XMLHttpRequest"},
    ],
)
def test_programs_and_pages_of_this_server_are_served(program, headers):
    assert replace(program, headers=headers).get("cancel").json == {"message": "Nothing to cancel."}


@pytest.mark.parametrize("path", ["start_training", "createModel", "model_params", "upload"])
def test_form_of_another_page_is_refused(program, path):
    headers = {"origin": "http://elsewhere.example", "user-agent": BROWSER}
    assert replace(program, headers=headers).form("POST", path, model_name=MODEL).status == 403


def test_old_endpoints_are_described_as_deprecated(program):
    paths = program.get("openapi.json").json["paths"]
    old = [method for path, methods in paths.items() if "/v1/" not in path for method in methods.values()]
    assert [each["summary"] for each in old if not each.get("deprecated")] == ["This document."]
    assert len(old) == 21 + 1
