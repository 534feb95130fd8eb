"""The page where there is no training environment yet: the first thing that it shows is how to make one."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.browser.gradios import OWN
from tests.browser.pages import ROOT, TrainerPage
from tests.browser.servers import Server, serve_page

PANEL = f"{ROOT} .db-setup"


@pytest.fixture(scope="module")
def bare_server(host_python, tmp_path_factory) -> Iterator[Server]:
    """A server whose environment cannot be made, since what should be torch is no command of pip."""
    folder = tmp_path_factory.mktemp("bare")
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DREAMBOOTH_ENV", str(folder / "not made yet"))
            patch.setenv("DREAMBOOTH_TORCH_COMMAND", "conda install torch")
            server = stack.enter_context(serve_page(host_python, folder))
        yield server


def test_set_up_is_offered_and_its_failure_told(page, bare_server):
    trainer = TrainerPage(page, bare_server).open()
    trainer.wait_for_words("There is none yet.", within=".db-setup")
    trainer.wait_for_words(str(bare_server.folder / "not made yet"), within=".db-setup")
    trainer.press("environment.make")
    trainer.wait_for_words("It is being set up.", within=".db-setup")
    trainer.wait_for_words("must begin with", within=".db-setup-notes")
    trainer.open()  # somebody who comes later is told the same
    trainer.wait_for_words("It was not finished.", within=".db-setup")
    page.locator(f"{PANEL} summary").click()
    trainer.wait_for_words("must begin with", within=".db-setup-log")
    expect(trainer.button("environment.make")).to_be_enabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("gradio", [OWN], indirect=True, scope="session")
def test_nobody_is_hindered_by_the_set_up(page, bare_server, hindrances, theme):
    TrainerPage(page, bare_server).open(theme=theme).wait_for_words("packages of its own", within=".db-setup")
    for width in (1440, 420):
        page.set_viewport_size({"width": width, "height": 900})
        assert hindrances(page, PANEL) == []


def test_nothing_of_it_is_seen_where_the_environment_is_ready(page, server):
    trainer = TrainerPage(page, server).open()
    panel = trainer.open_tab("Tools")
    panel.locator("details[data-group='environment'] summary").click()
    trainer.press("page.environment")
    expect(panel.locator(".db-environment")).to_contain_text("ready")
    expect(page.locator(PANEL)).to_be_hidden()


def test_removal_is_asked_about_and_shows_the_set_up_again(page, bare_server):
    trainer = TrainerPage(page, bare_server).open()
    panel = trainer.open_tab("Tools")
    panel.locator("details[data-group='environment'] summary").click()
    trainer.press("environment.remove")
    trainer.root.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    trainer.wait_for_words("is removed", within=".db-messages")
    trainer.wait_for_words("There is none", within=".db-environment")
    expect(page.locator(PANEL)).to_contain_text("There is none yet.")
