"""Stand-ins of the webui with the packages that they pin; without them the tests are left out and say why."""

from collections.abc import Callable

import pytest

from tests.browser.gradios import python_with
from tests.browser.need import need
from tests.host_contract.hosts import GRADIO_OF, HostFolder, make_host


@pytest.fixture(scope="session", params=GRADIO_OF)
def flavour(request) -> str:
    """Each of the webuis in turn."""
    return request.param


@pytest.fixture
def new_host(flavour, tmp_path) -> Callable[[str], HostFolder]:
    """Makes a webui without extensions in a folder of that name."""
    need(lambda: python_with(GRADIO_OF[flavour]))
    return lambda name: make_host(flavour, tmp_path / name)
