"""A real browser, and servers with each of the Gradios; without them the tests are left out and say why."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.axe import fetch_axe, find_hindrances
from tests.browser.chromium import find_chromium, open_browser
from tests.browser.gradios import GRADIOS, python_with
from tests.browser.need import need
from tests.browser.servers import Server, serve, serve_page

HERE = Path(__file__).parent
HAS_FAILED = pytest.StashKey[bool]()

# Nobody waits for these; on a machine that does other work as well, they keep the tests from guessing.
expect.set_options(timeout=30_000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items) -> None:
    """Every test of this folder needs the browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this folder; closed behind them, as its loop would hinder others."""
    with ExitStack() as stack:
        yield need(lambda: stack.enter_context(open_browser()))


@pytest.fixture(scope="session", params=GRADIOS)
def gradio(request) -> str:
    """Each version of Gradio in turn."""
    return request.param


@pytest.fixture(scope="session")
def host_python(gradio) -> Path:
    """The Python that has it; not even made where there is no browser."""
    need(find_chromium)
    return need(lambda: python_with(gradio))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Remember whether the test itself failed, for the page that it leaves behind."""
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


@pytest.fixture
def new_page(browser, request, tmp_path) -> Iterator[Callable[[], Page]]:
    """Opens a page as somebody who was never here; fails when a script of ours raises what nobody catches."""
    pages: list[Page] = []
    raised: list[Error] = []

    def open_new() -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        page.on("pageerror", lambda error: raised.append(error))
        pages.append(page)
        return page

    yield open_new
    for number, page in enumerate(pages):
        if request.node.stash.get(HAS_FAILED, False):
            shot = tmp_path / f"page_{number}.png"
            page.screenshot(path=shot, full_page=True)
            request.node.add_report_section("teardown", "page", f"as it was: {shot}")
        page.context.close()
    ours = [error.stack or error.message for error in raised if "dreambooth" in (error.stack or "")]
    assert ours == [], "a script of the page raised and nobody caught it"


@pytest.fixture
def page(new_page) -> Page:
    """The page of somebody who was never here."""
    return new_page()


@pytest.fixture
def hindrances() -> Callable[[Page, str], list[str]]:
    """Asks axe-core for what is seriously wrong with an element of a page as it is now."""
    return partial(find_hindrances, need(fetch_axe))


@pytest.fixture(scope="module")
def server(host_python, tmp_path_factory) -> Iterator[Server]:
    """Our own server, with no models yet."""
    with serve_page(host_python, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def server_with_model(host_python, made_models, tmp_path_factory) -> Iterator[Server]:
    """Our own server, with one model that was never trained."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(made_models, folder / "models")
    with serve_page(host_python, folder) as server:
        yield server


@pytest.fixture(scope="module")
def stand_in(host_python, tmp_path_factory) -> Iterator[Server]:
    """A small server in the place of a webui, whose second tab is ours."""
    script = str(HERE / "stand_in.py")
    with serve(host_python, tmp_path_factory.mktemp("stand_in"), [script]) as server:
        yield server


@pytest.fixture(scope="module")
def guarded_stand_in(host_python, tmp_path_factory) -> Iterator[Server]:
    """The same, with a login."""
    script = str(HERE / "stand_in.py")
    with serve(host_python, tmp_path_factory.mktemp("guarded"), [script, "--auth", "me:secret"]) as server:
        yield server
