"""Models are made, looked at, kept house with and written out; one that goes by itself is missed."""

import json
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.pages import TrainerPage
from tests.conftest import MODEL

TOYBOX = "Toybox: the small model that ships with the trainer"
SLOW_MS = 120_000  # a job begins by loading torch


@pytest.fixture
def newcomer(page, server) -> TrainerPage:
    """The page of somebody who was never here, on a server without models."""
    shutil.rmtree(server.models_dir, ignore_errors=True)
    return TrainerPage(page, server).open()


@pytest.fixture
def trainer(page, server_with_model) -> TrainerPage:
    """The page of a server that has one fresh model."""
    trainer = TrainerPage(page, server_with_model).open()
    expect(trainer.root.locator(".db-model-name")).to_have_text(MODEL)
    trainer.open_tab("Models")
    return trainer


def choose(trainer: TrainerPage, name: str) -> None:
    """Press a model in the list."""
    trainer.root.locator(f'.db-model-item[data-key="{name}"]').click()


def answer(trainer: TrainerPage, words: str, typed: str | None = None) -> None:
    """Answer the question that is asked by the button with these words."""
    question = trainer.root.locator("dialog[open]")
    if typed is not None:
        question.locator("input").fill(typed)
    question.get_by_role("button", name=words).click()


def test_newcomer_makes_a_model_of_the_toybox(newcomer):
    expect(newcomer.tab("Create")).to_have_attribute("aria-selected", "true")
    newcomer.press("create.start")
    expect(newcomer.fault("name", "create")).to_have_text("must be given")
    newcomer.change("name", "dog", "create")
    newcomer.root.get_by_label("Made from").select_option(TOYBOX)
    expect(newcomer.root.locator(".db-detected")).to_contain_text("SD 1.x, for 64 px", timeout=SLOW_MS)
    newcomer.press("create.start")
    newcomer.root.get_by_role("button", name="Go to Concepts").click(timeout=SLOW_MS)
    expect(newcomer.tab("Concepts")).to_have_attribute("aria-selected", "true")
    expect(newcomer.root.locator(".db-model-name")).to_have_text("dog")


def test_source_that_is_not_there_is_told_beside_its_field(newcomer):
    newcomer.root.get_by_label("Made from").select_option("Another file or folder …")
    newcomer.change("source", "/nowhere.safetensors", "create")
    expect(newcomer.fault("source", "create")).to_have_text("/nowhere.safetensors is not there")
    assert not list(newcomer.server.models_dir.glob(".jobs/*"))


def test_model_is_renamed_and_deleted(trainer):
    shutil.copytree(trainer.server.models_dir / MODEL, trainer.server.models_dir / "cat")
    choose(trainer, "cat")
    trainer.press("models.rename")
    answer(trainer, "Rename", typed=MODEL)
    expect(trainer.root.locator(".db-messages")).to_contain_text(f"{MODEL} is taken")
    trainer.press("models.rename")
    answer(trainer, "Rename", typed="bird")
    expect(trainer.root.locator(".db-model-name")).to_have_text("bird")
    trainer.press("models.delete")
    expect(trainer.root.locator("dialog[open] .db-danger")).to_be_disabled()
    answer(trainer, "Delete", typed="bird")
    expect(trainer.root.locator(".db-model-name")).to_have_text(MODEL)
    assert not (trainer.server.models_dir / "bird").exists()


def test_model_whose_folder_goes_is_missed_once_and_another_chosen(trainer):
    place = trainer.server.models_dir / "cat"
    shutil.copytree(trainer.server.models_dir / MODEL, place)
    choose(trainer, "cat")
    expect(trainer.root.locator(".db-model-name")).to_have_text("cat")
    shutil.rmtree(place)
    expect(trainer.root.locator(".db-model-name")).to_have_text(MODEL)
    expect(trainer.root.locator(".db-error", has_text="cat is not there any more")).to_have_count(1)


def test_old_model_is_marked_and_offered_for_import(trainer):
    old = trainer.server.models_dir / "old"
    (old / "working").mkdir(parents=True)
    (old / "working" / "model_index.json").touch()
    (old / "db_config.json").write_text(json.dumps({"model_name": "old", "revision": 600}))
    choose(trainer, "old")
    trainer.press("page.import_this")
    expect(trainer.control("source", "import")).to_have_value(str(old))
    expect(trainer.control("name", "import")).to_have_value("old_imported")
    expect(trainer.root.locator(".db-import-told")).to_contain_text("old: trained for")
    shutil.rmtree(old)


def test_checkpoint_is_written_and_its_path_told(trainer, tmp_path):
    path = tmp_path / "out.safetensors"
    trainer.press("page.export")
    trainer.change("to", str(tmp_path / "out.txt"), "export")
    trainer.press("export.start")
    expect(trainer.fault("to", "export")).to_contain_text("must end with .safetensors")
    trainer.change("to", str(path), "export")
    trainer.press("export.start")
    expect(trainer.root.locator(".db-export-told")).to_contain_text(str(path), timeout=SLOW_MS)
    assert path.stat().st_size > 0
