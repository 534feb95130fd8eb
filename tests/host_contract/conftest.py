"""Stand-ins of the webuis with the packages that they pin; without them the tests are left out and say why."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.gradios import python_with
from tests.browser.need import need
from tests.host_contract.hosts import GRADIO_OF, HostFolder, RunningHost, make_host, run_host

OUR_FOLDER = "some name, with spaces"


@pytest.fixture(scope="session", params=GRADIO_OF)
def flavour(request) -> str:
    """Each of the webuis in turn."""
    need(lambda: python_with(GRADIO_OF[request.param]))
    return request.param


@pytest.fixture
def new_host(flavour, tmp_path) -> Callable[[], HostFolder]:
    """Makes a webui without extensions."""
    return lambda: make_host(flavour, tmp_path / "webui")


@pytest.fixture(scope="module")
def webui(flavour, tmp_path_factory) -> Iterator[RunningHost]:
    """A webui that has us for its only extension."""
    host = make_host(flavour, tmp_path_factory.mktemp("host") / "webui")
    host.add_us(OUR_FOLDER)
    with run_host(host, "--api") as running:
        yield running


def write_script(host: HostFolder, extension: str, text: str) -> Path:
    """Another extension with one script; returns its folder."""
    script = host.extensions / extension / "scripts" / "main.py"
    script.parent.mkdir(parents=True)
    script.write_text(text, encoding="utf-8")
    return script.parents[1]
