"""What people type, name and break: it is told where it happened, nothing is lost, and nothing is run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dreambooth.config.folders import RunFolder
from dreambooth.jobs.library import Library
from tests.browser.gradios import OWN
from tests.browser.pages import TrainerPage
from tests.browser.servers import Server, serve_page
from tests.browser.shelf import MODEL, OTHER, add_model, put_up_shelf
from tests.conftest import draw_photos

pytestmark = pytest.mark.parametrize("gradio", [OWN], indirect=True, scope="session")

EVIL = """it's "a" & <script>window.wasRun=1<script> <img src=x onerror=window.wasRun=1> 😀 .png"""
CAPTION = "<b>bold</b><img src=x onerror=window.wasRun=1> {{a|b}} ${c}"


@pytest.fixture(scope="module")
def shelf(host_python, tmp_path_factory) -> Iterator[Server]:
    """A server with models, pictures of bad names and captions, and a training whose events end torn."""
    folder = tmp_path_factory.mktemp("shelf")
    put_up_shelf(folder, photos=draw_evil_photos(folder / "photos"))
    with serve_page(host_python, folder) as server:
        yield server


def draw_evil_photos(folder: Path) -> Path:
    """Three pictures, one of them named as no file should be, its caption as no caption should be."""
    draw_photos(folder, 3)
    picture = (folder / "0.png").rename(folder / EVIL)
    (folder / "0.txt").rename(picture.with_suffix(".txt")).write_text(CAPTION, encoding="utf-8")
    return folder


@pytest.fixture
def library(shelf) -> Library:
    """What the server's page shows."""
    return Library(shelf.models_dir)


@pytest.fixture
def trainer(page, shelf) -> TrainerPage:
    """The page, at Settings, its model chosen."""
    return open_settings(TrainerPage(page, shelf))


@pytest.fixture
def second(trainer, shelf) -> TrainerPage:
    """The page again, beside the first."""
    return open_settings(TrainerPage(trainer.page.context.new_page(), shelf))


def open_settings(trainer: TrainerPage) -> TrainerPage:
    trainer.open()
    trainer.wait_for_words("Done: 30")
    trainer.show_advanced()
    return trainer


def kept_seed(library: Library) -> int:
    return library.load(MODEL).config.seed


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("-1", "-1 is below the least value 0"),
        ("many", "many is not a whole number"),
        ("", "a number is missing"),
    ],
)
def test_number_that_cannot_be_is_refused_beside_its_field(trainer, library, typed, told):
    before = kept_seed(library)
    trainer.change("seed", typed)
    expect(trainer.fault("seed")).to_have_text(told)
    expect(trainer.control("seed")).to_have_attribute("aria-invalid", "true")
    trainer.change("data.batch_size", 3)
    trainer.wait_until_saved()
    assert kept_seed(library) == before
    expect(trainer.fault("seed")).to_have_text(told)


def test_missing_folder_is_told_beside_its_field(trainer, library):
    trainer.open_tab("Concepts")
    folder = library.load(MODEL).config.concepts[0].instance_data_dir
    trainer.change("instance_data_dir", "/nowhere/at all", "concept")
    expect(trainer.fault("instance_data_dir", "concept")).to_contain_text("/nowhere/at all")
    trainer.change("instance_data_dir", folder, "concept")
    expect(trainer.fault("instance_data_dir", "concept")).to_be_hidden()
    trainer.wait_until_saved()


def test_names_and_captions_are_shown_as_they_are(trainer):
    panel = trainer.open_tab("Concepts")
    panel.get_by_text("Dataset editor").click()
    caption = panel.get_by_label(f"Caption of {EVIL}")
    expect(caption).to_have_value(CAPTION)
    expect(panel.locator(".db-dataset")).to_contain_text(EVIL)
    picture = panel.locator(".db-strip").get_by_alt_text(EVIL)
    picture.evaluate("(picture) => picture.scrollIntoView()")
    expect(picture).to_be_visible()
    trainer.change("instance_prompt", "[filewords] <i>sks</i>", "concept")
    expect(panel.locator(".db-prompts")).to_contain_text(f"{CAPTION} <i>sks</i>")
    trainer.wait_until_saved()
    expect(trainer.root.locator(".db-samples")).to_contain_text("<script>window.wasRun=1<")
    assert trainer.page.evaluate("window.wasRun") is None
    assert trainer.root.locator("script, [onerror], .db-prompts i").count() == 0


def test_settings_are_there_after_a_reload(trainer, library):
    trainer.change("duration.max_steps", 123)
    trainer.wait_until_saved()
    open_settings(trainer)
    expect(trainer.control("duration.max_steps")).to_have_value("123")
    assert library.load(MODEL).config.duration.max_steps == 123


def test_change_in_one_page_shows_in_the_other(trainer, second):
    trainer.change("duration.max_steps", 77)
    trainer.wait_until_saved()
    expect(second.control("duration.max_steps")).to_have_value("77")


def test_stale_change_is_refused_and_offered_again(trainer, second, library):
    second.page.route("**/run/dreambooth_call", lambda route: refuse_polls(route))
    trainer.change("duration.max_steps", 55)
    trainer.wait_until_saved()
    second.change("data.batch_size", 6)
    again = second.root.get_by_role("button", name="Make my change again")
    expect(again).to_be_visible()
    expect(second.control("duration.max_steps")).to_have_value("55")
    assert library.load(MODEL).config.data.batch_size != 6
    again.click()
    second.wait_until_saved()
    config = library.load(MODEL).config
    assert (config.duration.max_steps, config.data.batch_size) == (55, 6)


def refuse_polls(route) -> None:
    """Keep a page from hearing of changes, as if it had slept."""
    asked = json.loads(json.loads(route.request.post_data)["data"][0])
    if asked["action"] == "page.state":
        route.abort()
    else:
        route.continue_()


def test_events_that_end_in_the_middle_of_a_line_are_shown(trainer, library):
    (run,) = library.folder(MODEL).runs.iterdir()
    with RunFolder(run).events_file.open("ab") as events:
        events.write(b'{"event": "warning", "mess')
    open_settings(trainer)
    trainer.wait_for_words("Third warning")


def test_model_that_is_deleted_under_the_page_is_told_of(trainer, shelf, library):
    add_model(library, "doomed", shelf.folder / "photos")
    trainer.open_tab("Models").get_by_text("doomed").first.click()
    expect(trainer.root.locator(".db-model-name")).to_have_text("doomed")
    shutil.rmtree(library.folder("doomed").path)
    expect(trainer.root.locator(".db-messages")).to_contain_text("doomed")
    expect(trainer.root.locator(".db-model-name")).not_to_have_text("doomed")
    trainer.open_tab("Models").get_by_text(OTHER).first.click()
    expect(trainer.root.locator(".db-model-name")).to_have_text(OTHER)


def test_two_pages_that_train_at_once_give_one_training(trainer, second, shelf, library):
    add_model(library, "wanted", shelf.folder / "photos")
    trainer.page.evaluate("localStorage.setItem('dreambooth_model', 'wanted')")
    both = [page.open() for page in (trainer, second)]
    for page in both:
        expect(page.root.locator(".db-model-name")).to_have_text("wanted")
        expect(page.button("run.train")).to_be_enabled()
    for page in both:
        page.page.evaluate("document.querySelector('[data-press=\"run.train\"]').click()")
    refused = [page for page in both if is_refused(page)]
    assert len(refused) == 1
    assert len([*library.folder("wanted").runs.iterdir()]) == 1


def is_refused(trainer: TrainerPage) -> bool:
    """Whether this page was told that the model is being trained already; it goes on with that training."""
    expect(trainer.button("run.train")).to_be_disabled()
    told = trainer.root.locator(".db-message.db-error").all_inner_texts()
    assert all("is being trained" in text for text in told), told
    return bool(told)
