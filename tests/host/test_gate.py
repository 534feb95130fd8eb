"""Who comes in where: every kind of route, for every way of starting a webui, on each Gradio."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from dreambooth.environment.place import ROOT, variables_without_paths
from dreambooth.host.gate import gate_of_webui, read_passwords
from tests.browser.gradios import python_with
from tests.browser.need import need
from tests.host.entrance import LET_IN, SETUPS, Webui

ENTRANCE = Path(__file__).with_name("entrance.py")


@pytest.fixture(scope="module", params=["our own", "3.41.2", "4.40.0"])
def answers(request) -> dict:
    """What each visitor of each setup was answered, by the kind of route."""
    python = sys.executable
    if request.param != "our own":
        need(lambda: python_with(request.param))
        python = str(python_with(request.param))
    run = subprocess.run(
        [python, "-W", "ignore", str(ENTRANCE)],
        cwd=ROOT,
        env={**variables_without_paths(), "PYTHONPATH": str(ROOT), "GRADIO_ANALYTICS_ENABLED": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def everywhere(status: int) -> dict[str, int]:
    """The same answer from every kind of route."""
    return dict.fromkeys(LET_IN, status)


NO_LOGIN = {"stranger": LET_IN, "program": LET_IN, "wrong password": LET_IN, "visitor": LET_IN}
PAGE_LOGIN = {"stranger": 401, "program": 401, "wrong password": 401, "visitor": LET_IN}
PROGRAM_LOGIN = {"stranger": 401, "program": LET_IN, "wrong password": 401, "visitor": 401}
BOTH_LOGINS = {"stranger": 401, "program": LET_IN, "wrong password": 401, "visitor": LET_IN}
NOBODY = {"stranger": 403, "program": 403, "wrong password": 403, "visitor": 403}
EXPECTED = {
    "none": NO_LOGIN,
    "gradio-auth": PAGE_LOGIN,
    "api-auth": PROGRAM_LOGIN,
    "both": BOTH_LOGINS,
    "listen": NOBODY,
    "listen with gradio-auth": PAGE_LOGIN,
    "listen with api-auth": PROGRAM_LOGIN,
}


def test_every_setup_is_tried():
    assert EXPECTED.keys() == SETUPS.keys()


@pytest.mark.parametrize("setup", EXPECTED)
@pytest.mark.parametrize("visitor", ["stranger", "program", "wrong password", "visitor"])
def test_every_route_asks_for_the_login_of_the_host(answers, setup, visitor):
    told = EXPECTED[setup][visitor]
    assert answers[setup][visitor] == (everywhere(told) if isinstance(told, int) else told)


@pytest.mark.parametrize("setup", EXPECTED)
def test_no_page_of_others_comes_in_even_with_a_login(answers, setup):
    assert answers[setup]["foreign page"] == everywhere(403)
    assert answers[setup]["visitor on a foreign page"] == everywhere(403)


def test_a_name_of_others_for_this_machine_is_refused_without_a_login(answers):
    assert answers["none"]["foreign name"] == everywhere(403)


def test_passwords_are_those_of_the_api():
    assert read_passwords(SimpleNamespace(api_auth="ann:a:b,bob:c")) == {"ann": "a:b", "bob": "c"}


def test_sd_next_names_users_in_an_option_and_a_file(tmp_path):
    (tmp_path / "users").write_text('bob:c\n"eve:d"\n', encoding="utf-8")
    options = SimpleNamespace(auth='"ann:a"', auth_file=str(tmp_path / "users"))
    assert read_passwords(options) == {"ann": "a", "bob": "c", "eve": "d"}


def test_a_file_of_users_that_cannot_be_read_lets_nobody_in(tmp_path):
    options = SimpleNamespace(auth_file=str(tmp_path / "gone"))
    gate = gate_of_webui(Starlette(), options, Webui())
    with pytest.raises(OSError, match="gone"):
        gate.find_refusal(HTTPConnection({"type": "http", "headers": []}))
