"""The page in each Gradio: it comes alive, tabs open by mouse and keys, and nobody is hindered."""

import pytest
from playwright.sync_api import expect

from dreambooth.ui.page import TABS
from tests.browser.pages import TrainerPage


@pytest.fixture
def trainer(page, server) -> TrainerPage:
    """The page of a server without models."""
    return TrainerPage(page, server).open()


def test_every_tab_opens_by_a_click(trainer):
    for title in TABS:
        trainer.open_tab(title)
        expect(trainer.root.get_by_role("tabpanel")).to_have_count(1)


def test_tabs_open_by_keys(trainer):
    first, second, *_, last = TABS
    trainer.tab(first).focus()
    trainer.page.keyboard.press("ArrowRight")
    expect(trainer.tab(second)).to_be_focused()
    expect(trainer.tab(second)).to_have_attribute("aria-selected", "true")
    trainer.page.keyboard.press("End")
    expect(trainer.tab(last)).to_have_attribute("aria-selected", "true")


def test_a_page_that_is_loaded_again_shows_the_same_tab(trainer):
    trainer.open_tab("Concepts")
    trainer.open()
    expect(trainer.tab("Concepts")).to_have_attribute("aria-selected", "true")


def test_on_a_telephone_nothing_stands_out_sideways(trainer):
    trainer.page.set_viewport_size({"width": 420, "height": 900})
    widths = {}
    for title in TABS:
        trainer.open_tab(title)
        widths[title] = trainer.page.evaluate("document.documentElement.scrollWidth")
    assert {title: width for title, width in widths.items() if width > 420} == {}
