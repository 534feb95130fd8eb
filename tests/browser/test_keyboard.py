"""The page without a mouse: every way leads in and out again, and one always sees where one is."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dreambooth.jobs.library import Library
from dreambooth.locks import file_lock
from tests.browser.gradios import OWN
from tests.browser.pages import ROOT, TrainerPage
from tests.browser.servers import Server, serve_page
from tests.browser.shelf import MODEL, put_up_shelf
from tests.jobs.told_runs import ToldRun

pytestmark = pytest.mark.parametrize("gradio", [OWN], indirect=True, scope="session")

# What has the focus, and whether one sees that.
FOCUS = """() => {
  const at = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return { inside: at.closest("#dreambooth_tab") !== null, isSeen, html: at.outerHTML.slice(0, 120) };
}"""
TABS_TRIED = 60


@pytest.fixture(scope="module")
def shelf(host_python, tmp_path_factory) -> Iterator[Server]:
    """A server with models that have settings and no weights."""
    folder = tmp_path_factory.mktemp("shelf")
    put_up_shelf(folder)
    with serve_page(host_python, folder) as server:
        yield server


@pytest.fixture
def trainer(page, shelf) -> TrainerPage:
    """The page at Settings."""
    trainer = TrainerPage(page, shelf).open()
    expect(trainer.root.locator(".db-model-name")).to_have_text(MODEL)
    trainer.open_tab("Settings")
    return trainer


@pytest.fixture
def training(shelf) -> Iterator[ToldRun]:
    """A training under way, as far as anybody can see."""
    told = ToldRun(Library(shelf.models_dir), MODEL).begin().steps(1, 3)
    with file_lock(told.run.lock_file, waiting=lambda: None):
        yield told
    shutil.rmtree(told.run.path)


def test_focus_is_seen_wherever_it_goes(trainer):
    trainer.tab("Settings").focus()
    steps = []
    for _ in range(TABS_TRIED):
        trainer.page.keyboard.press("Tab")
        steps.append(trainer.page.evaluate(FOCUS))
    assert [step["html"] for step in steps if step["inside"] and not step["isSeen"]] == []
    assert sum(step["inside"] for step in steps) > TABS_TRIED / 2


def test_arrows_move_between_tabs_and_round(trainer):
    trainer.tab("Models").focus()
    trainer.page.keyboard.press("ArrowLeft")
    expect(trainer.tab("Tools")).to_be_focused()
    trainer.page.keyboard.press("ArrowRight")
    expect(trainer.tab("Models")).to_be_focused()
    trainer.page.keyboard.press("Tab")
    assert trainer.page.evaluate("document.activeElement.closest('[role=tabpanel]').id").endswith("_models")


@pytest.mark.parametrize(
    ("press", "name"), [("page.load_settings", "Load settings"), ("page.queue", "Queue")]
)
def test_escape_closes_a_dialog_and_goes_back(trainer, press, name):
    trainer.button(press).focus()
    trainer.page.keyboard.press("Enter")
    dialog = trainer.root.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    assert trainer.page.evaluate("document.activeElement.closest('dialog') !== null")
    trainer.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(trainer.button(press)).to_be_focused()


@pytest.mark.usefixtures("training")
def test_stop_menu_goes_by_keys(trainer):
    opener = trainer.root.get_by_role("button", name="Stop ▾")
    expect(opener).to_be_enabled()
    opener.focus()
    trainer.page.keyboard.press("Enter")
    items = trainer.root.get_by_role("menuitem")
    expect(items.nth(0)).to_be_focused()
    trainer.page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    trainer.page.keyboard.press("Escape")
    expect(items).to_have_count(0)
    expect(opener).to_be_focused()


def test_more_of_a_narrow_window_goes_by_keys(trainer):
    trainer.page.set_viewport_size({"width": 420, "height": 900})
    more = trainer.root.get_by_role("button", name="More ▾")
    more.focus()
    trainer.page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    trainer.page.keyboard.press("Tab")
    expect(trainer.button("page.load_settings")).to_be_focused()
    trainer.page.keyboard.press("Enter")
    expect(trainer.root.get_by_role("dialog", name="Load settings")).to_contain_text("Seed was 0")
    trainer.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(trainer.root.locator('[data-press="page.load_settings"]')).to_be_hidden()


def test_control_and_enter_train_once(trainer):
    expect(trainer.button("run.train")).to_be_enabled()
    asked = []
    trainer.page.on("request", lambda request: asked.append(request.post_data or ""))
    trainer.control("duration.max_steps").fill("9")
    trainer.page.keyboard.press("Control+Enter")
    trainer.page.keyboard.press("Control+Enter")
    expect(trainer.button("run.train")).to_be_disabled()
    assert len([text for text in asked if "run.train" in text]) == 1
    expect(trainer.page.locator(f"{ROOT} .db-message.db-error")).to_have_count(0)
    assert Library(trainer.server.models_dir).load(MODEL).config.duration.max_steps == 9
