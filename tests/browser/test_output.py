"""Output: a run as its events tell it, in our own Gradio; a user's whole way shows it in each."""

from itertools import count

import pytest
from PIL import Image
from playwright.sync_api import expect

from dreambooth.config.store import ModelRecord, save_record
from dreambooth.jobs.library import Library
from dreambooth.locks import file_lock
from tests.browser.gradios import OWN
from tests.browser.pages import TrainerPage
from tests.jobs.told_runs import ToldRun

pytestmark = pytest.mark.parametrize("gradio", [OWN], indirect=True)

NUMBERS = count()
PROMPTS = ("a sks dog", 'a "sks" dog <script>alert(1)</script> 😀')
KNOWN = "dreamboothTrainer.page.output.view"


@pytest.fixture
def told(server) -> ToldRun:
    """A training of a model of its own, which had learnt 1000 steps before."""
    library, name = Library(server.models_dir), f"told_{next(NUMBERS)}"
    record = ModelRecord(source="toybox.safetensors", family="sd1", native_resolution=64)
    library.folder(name).path.mkdir(parents=True)
    save_record(library.folder(name).config_file, record)
    return ToldRun(library, name, before=1000)


@pytest.fixture
def shown(page, server, told) -> TrainerPage:
    """The page, with that model chosen."""
    name = told.place.split("/")[0]
    page.add_init_script(f"localStorage.setItem('dreambooth_model', '{name}')")
    return TrainerPage(page, server)


def draw_samples(told: ToldRun, step: int) -> None:
    folder = told.run.path.parents[1] / "samples"
    folder.mkdir(exist_ok=True)
    for number, prompt in enumerate(PROMPTS):
        name = f"sample_{step}-{number}.png"
        Image.new("RGB", (8, 8), (step, 0, 100 * number)).save(folder / name)
        told.writer.write("sample", step=step, path=f"samples/{name}", prompt=prompt, seed=number)


def told_at(shown: TrainerPage) -> str:
    return shown.root.locator(".db-graph-loss [role=slider]").get_attribute("aria-valuetext") or ""


def test_run_that_is_done_is_told_in_words_and_numbers(told, shown):
    told.begin().steps(1, 100).end(result={"step": 100, "num_steps": 100})
    shown.open().wait_for_words("Done: 100 steps")
    expect(shown.root.locator(".db-figures")).to_contain_text("1100 steps, 12 epochs")
    expect(shown.root.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")


def test_step_reaches_the_page_and_is_not_spoken(told, shown):
    with file_lock(told.run.lock_file, waiting=lambda: None):
        told.begin().steps(1, 7)
        shown.open().wait_for_words("Training: step 7 of 100")
        spoken = shown.root.locator(".db-status-told")
        expect(spoken).to_have_text("Training")
        told.steps(8, 9)
        shown.wait_for_words("Training: step 9 of 100", seconds=2)
        expect(spoken).to_have_text("Training")
        shown.open().wait_for_words("Training: step 9 of 100", seconds=5)


def test_what_went_wrong_stands_in_sentences(told, shown):
    told.begin().end("refused", message="saving.dtype: choose another\nthe folder is full")
    alert = shown.open().root.locator(".db-failure")
    expect(alert).to_contain_text("saving.dtype: choose another")
    expect(alert).to_contain_text("The folder is full")


def test_values_at_a_step_are_told_by_keys(told, shown):
    told.begin().steps(1, 50, loss=0.5).end()
    shown.open().wait_for_words("Values at step 1050, the last")
    shown.root.locator(".db-graph-loss [role=slider]").focus()
    shown.page.keyboard.press("ArrowLeft")
    expect(shown.root.locator(".db-graph-step")).to_have_text("Values at step 1049")
    expect(shown.root.locator(".db-graph-lr .db-legend-value")).to_have_text("0.5")
    assert told_at(shown) == "step 1049: Total 0.5"


def test_long_run_is_drawn_from_few_points_and_its_line_is_the_average(told, shown):
    told.begin()
    for step in range(1, 4001):
        told.steps(step, step, loss=0.1 if step % 10 else 1.1)
    told.end()
    shown.open().wait_for_words("Done: 4000 steps")
    assert shown.page.evaluate(f"{KNOWN}.curves.get('loss').steps.length") <= 1500
    value = shown.root.locator(".db-graph-loss .db-legend-value").first
    expect(value).not_to_be_empty()
    assert float(value.text_content() or "") == pytest.approx(0.2, abs=0.06)


def test_curve_that_is_hidden_stays_hidden(told, shown):
    told.begin().steps(1, 50, instance_loss=1.0, prior_loss=2.0).end()
    shown.open()
    curve = shown.root.locator("[data-curve='prior_loss']")
    curve.click()
    expect(curve).to_have_attribute("aria-pressed", "false")
    shown.open()
    expect(curve).to_have_attribute("aria-pressed", "false")


def test_samples_of_two_steps_stand_beside_each_other(told, shown):
    told.begin().steps(1, 10)
    draw_samples(told, 10)
    told.steps(11, 20)
    draw_samples(told, 20)
    told.end()
    rows = shown.open().root.locator(".db-sample-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("1020")
    shown.root.locator("#dreambooth_sample_compare").check()
    pairs = shown.root.locator(".db-sample-prompt")
    expect(pairs).to_have_count(2)
    expect(pairs.nth(1)).to_contain_text(PROMPTS[1])
    expect(pairs.nth(1).locator(".db-sample-side")).to_have_text(["step 1010", "step 1020"])
    pairs.nth(1).scroll_into_view_if_needed()
    expect(pairs.nth(1).locator("img[src^='data:image']")).to_have_count(2)


def test_queue_cancels_what_runs_and_shows_what_is_over(told, shown):
    told.begin().steps(1, 3).end("failed", message="the disk is full")
    shown.open().press("page.queue")
    queue = shown.root.get_by_role("dialog", name="Queue")
    name = told.place.split("/")[0]
    entry = queue.get_by_role("listitem").filter(has_text=f"Training: {name}")
    expect(entry).to_contain_text("failed: the disk is full")
    entry.get_by_role("button").click()
    expect(queue).to_be_hidden()
    shown.wait_for_words("The disk is full")


def test_telephone_keeps_the_status_in_sight(told, shown):
    told.begin().steps(1, 100).end()
    shown.page.set_viewport_size({"width": 420, "height": 900})
    line = shown.open().button("page.go_to_output")
    expect(line).to_contain_text("Done: 100 steps")
    expect(line).to_be_in_viewport()
