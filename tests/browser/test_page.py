"""The page in each Gradio: it comes alive, tabs open and are remembered, and nothing stands out sideways."""

import re

import pytest
from playwright.sync_api import Request, Route, expect

from dreambooth.ui.page import TABS
from tests.browser.gradios import OWN
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


def asks_for_models(request: Request) -> bool:
    return "models.list" in (request.post_data or "")


@pytest.mark.parametrize("gradio", [OWN], indirect=True, scope="session")
def test_newcomer_who_has_chosen_a_tab_stays_there(page, server):
    held: list[Route] = []
    page.route(
        "**/run/dreambooth_call",
        lambda route: held.append(route) if asks_for_models(route.request) else route.continue_(),
    )
    trainer = TrainerPage(page, server)
    with page.expect_request(asks_for_models):
        trainer.open()
    trainer.open_tab("Tools")
    for route in held:
        route.continue_()
    expect(trainer.root.locator(".db-model-name")).to_have_text("No model: create one first")
    expect(trainer.tab("Tools")).to_have_attribute("aria-selected", "true")


FOREIGN_COLOUR = "rgb(1, 2, 3)"
FOREIGN_THEME = f"""
  addEventListener("DOMContentLoaded", () => {{
    const theme = document.createElement("style");
    theme.textContent = ".gradio-container {{ background: rgb(16, 16, 16) !important; }}"
      + ":root, body, .gradio-container {{ --body-text-color: {FOREIGN_COLOUR} !important; }}";
    document.head.append(theme);
  }});
"""
COLOURS = """
  (root) => [...root.querySelectorAll("*")].map((each) => getComputedStyle(each).color)
"""


def test_theme_of_the_hosts_own_making_is_followed_in_our_colours(page, server):
    page.add_init_script(FOREIGN_THEME)
    trainer = TrainerPage(page, server).open(theme="light")
    expect(trainer.root).to_have_class(re.compile(r"\bdb-dark\b"))
    assert FOREIGN_COLOUR not in trainer.root.evaluate(COLOURS)
