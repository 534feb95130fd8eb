"""The page in each Gradio: it comes alive, tabs open and are remembered, and nothing stands out sideways."""

from playwright.sync_api import expect

from dreambooth.ui.page import TABS
from tests.browser.pages import TrainerPage

TELEPHONE_PX = 420


def test_tabs_open_by_a_click_and_fit_a_telephone(page, server):
    trainer = TrainerPage(page, server).open()
    page.set_viewport_size({"width": TELEPHONE_PX, "height": 900})
    widths = {}
    for title in TABS:
        trainer.open_tab(title)
        expect(trainer.root.get_by_role("tabpanel")).to_have_count(1)
        widths[title] = page.evaluate("document.documentElement.scrollWidth")
    assert {title: width for title, width in widths.items() if width > TELEPHONE_PX} == {}

    trainer.open_tab("Concepts")
    trainer.open()
    expect(trainer.tab("Concepts")).to_have_attribute("aria-selected", "true")
