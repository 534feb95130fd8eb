"""Nobody is hindered: axe-core finds nothing serious in tabs and dialogs, in any Gradio, theme and width.

Everything is looked at unfolded and with all settings, beside a training with all that Output can show.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from dreambooth.ui.page import TABS
from tests.browser.gradios import GRADIOS, OWN
from tests.browser.pages import ROOT, TrainerPage
from tests.browser.servers import Server, serve_page
from tests.browser.shelf import MODEL, put_up_shelf

Hindrances = Callable[[Page, str], list[str]]

WIDE, NARROW = 1440, 420
LOOKS = [*((gradio, "light", (WIDE,)) for gradio in GRADIOS if gradio != OWN)]
LOOKS += [(OWN, theme, (WIDE, NARROW)) for theme in ("light", "dark")]
AROUND = ", ".join(f"{ROOT} {part}" for part in (".db-top", ".db-tabs", ".db-right", ".db-messages"))
UNFOLD = 'document.querySelectorAll("#dreambooth_tab details").forEach((group) => { group.open = true; })'
# What stands in a tab when it has fetched all that it shows.
FETCHED = {"Models": MODEL, "Concepts": "a photo of a sks robot"}
# Where a dialog is asked for, and by which button.
DIALOGS = {
    "Load settings": ("Settings", "page.load_settings"),
    "Queue": ("Settings", "page.queue"),
    "Keep as preset": ("Settings", "presets.save"),
    "Generate checkpoint": ("Settings", "page.export"),
    "Remove 0: sks robot?": ("Concepts", "concepts.remove"),
    "Concepts from JSON": ("Concepts", "concepts.import"),
    "Change all captions": ("Concepts", "dataset.bulk"),
}


@pytest.fixture(scope="module")
def shelf(host_python, tmp_path_factory) -> Iterator[Server]:
    """A server with models, pictures and a training that is done."""
    folder = tmp_path_factory.mktemp("shelf")
    put_up_shelf(folder)
    with serve_page(host_python, folder) as server:
        yield server


@pytest.fixture
def trainer(page, shelf, theme) -> TrainerPage:
    """The page with everything unfolded."""
    trainer = TrainerPage(page, shelf).open(theme=theme)
    trainer.wait_for_words("Done: 30")
    trainer.show_advanced()
    page.evaluate(UNFOLD)
    return trainer


def show(trainer: TrainerPage, title: str) -> str:
    """Open a tab and wait for what it fetches; returns where it is."""
    panel = trainer.open_tab(title)
    expect(panel).to_contain_text(FETCHED.get(title, ""))
    trainer.page.evaluate(UNFOLD)
    return f"{ROOT}_{title.lower()}"


def set_width(trainer: TrainerPage, width: int) -> None:
    trainer.page.set_viewport_size({"width": width, "height": 900})


def findings(found: dict) -> dict:
    """Places where something was found."""
    return {place: lines for place, lines in found.items() if lines}


@pytest.mark.parametrize(("gradio", "theme", "widths"), LOOKS, indirect=["gradio"])
def test_nobody_is_hindered_by_a_tab(trainer, hindrances: Hindrances, widths):
    found = {}
    for width in widths:
        set_width(trainer, width)
        found["around the tabs", width] = hindrances(trainer.page, AROUND)
        for title in TABS:
            found[title, width] = hindrances(trainer.page, show(trainer, title))
    assert findings(found) == {}


@pytest.mark.parametrize(("gradio", "theme"), [(OWN, "light"), (OWN, "dark")], indirect=["gradio"])
def test_nobody_is_hindered_by_a_dialog(trainer, hindrances: Hindrances):
    found = {}
    for name, (tab, press) in DIALOGS.items():
        show(trainer, tab)
        trainer.press(press)
        dialog = trainer.root.get_by_role("dialog", name=name, exact=True)
        for width in (NARROW, WIDE):
            set_width(trainer, width)
            expect(dialog).to_be_visible()
            found[name, width] = hindrances(trainer.page, f"{ROOT} dialog")
        trainer.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    assert findings(found) == {}
