"""Stand-ins of the webuis, with the packages that those pin; where they are missing tests are left out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.gradios import python_with
from tests.browser.need import need
from tests.host_contract.hosts import (
    GRADIO_OF,
    HostFolder,
    RunningHost,
    make_host,
    put_checkpoints,
    run_host,
    write_script,
)

OUR_FOLDER = "some name, with spaces"
TELLER_FOLDER = "teller"
PROBE, TELLER = (Path(__file__).with_name(f"{name}.py").read_text("utf-8") for name in ("probe", "teller"))


@pytest.fixture(scope="session", params=GRADIO_OF)
def flavour(request) -> str:
    """Each of the webuis in turn."""
    need(lambda: python_with(GRADIO_OF[request.param]))
    return request.param


@pytest.fixture
def new_host(flavour, tmp_path) -> Callable[[], HostFolder]:
    """Makes a webui without extensions."""
    return lambda: make_host(flavour, tmp_path / "webui")


@pytest.fixture(scope="session")
def webui_without_us(flavour, tmp_path_factory) -> Iterator[RunningHost]:
    """A webui that has one extension of somebody else."""
    host = make_host(flavour, tmp_path_factory.mktemp("without") / "webui")
    write_script(host, "a probe", PROBE)
    with run_host(host, "--api") as running:
        yield running


@pytest.fixture(scope="session")
def webui(flavour, tmp_path_factory) -> Iterator[RunningHost]:
    """The same with us, and some checkpoints."""
    host = make_host(flavour, tmp_path_factory.mktemp("with") / "webui")
    write_script(host, "a probe", PROBE)
    host.add_us(OUR_FOLDER)
    write_script(host, TELLER_FOLDER, TELLER)
    put_checkpoints(host.path / "models" / "Stable-diffusion")
    with run_host(host, "--api") as running:
        yield running
