"""A user's way through the page, in each Gradio: pictures, settings, a training that is left and resumed."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import TrainerPage
from tests.conftest import draw_photos


@pytest.fixture
def trainer(page, server_with_model) -> TrainerPage:
    """The page of a server that has one fresh model."""
    return TrainerPage(page, server_with_model).open()


def describe_subject(trainer: TrainerPage, photos: Path) -> None:
    """Upload the pictures, and say what they are called."""
    trainer.open_tab("Concepts")
    trainer.press("page.concept_add")
    trainer.change("instance_data_dir", str(photos), "concept")
    expect(trainer.root.locator(".db-concept-summary")).to_contain_text("3 pictures, 3 with a caption file")
    trainer.change("instance_prompt", "a photo of a sks robot", "concept")
    trainer.change("instance_token", "sks", "concept")
    expect(trainer.root.locator(".db-prompts")).to_contain_text("a photo of a sks robot")


def choose_small_lora(trainer: TrainerPage) -> None:
    """A LoRA in a size at which a step takes no time, with previews and checkpoints on the way."""
    trainer.show_advanced()
    trainer.change("adapter", "lora")
    for setting, value in {
        "duration.max_steps": 3000,
        "data.resolution": 64,
        "data.bucket_step_px": 8,
        "lora.rank": 4,
    }.items():
        trainer.change(setting, value)
    trainer.open_tab("Saving")
    trainer.change("samples.sample_every_steps", 10)
    trainer.change("saving.save_every_steps", 20)
    trainer.wait_until_saved()


def stop_and_save(trainer: TrainerPage) -> int:
    """Ask the training to stop, and wait until it has; returns the step that it reached."""
    trainer.root.get_by_role("button", name="Stop ▾").click()
    trainer.root.get_by_role("menuitem", name="Stop after this step, and save").click()
    expect(trainer.button("run.train")).to_have_text("Resume", timeout=120_000)
    return trainer.step()


def watch(trainer: TrainerPage) -> int:
    """See samples and graphs come; returns the step that is shown then."""
    trainer.wait_for_step(21)
    expect(trainer.root.locator(".db-sample-shown img").first).to_be_visible()
    expect(trainer.root.locator(".db-graph-loss canvas")).to_be_visible()
    expect(trainer.root.locator(".db-graph-loss")).to_contain_text("Total")
    return trainer.step()


def test_training_is_watched_stopped_and_resumed(trainer, tmp_path):
    describe_subject(trainer, draw_photos(tmp_path / "photos", 3))
    choose_small_lora(trainer)
    trainer.press("run.train")
    seen = watch(trainer)
    trainer.open()
    trainer.wait_for_step(seen, seconds=20)

    stopped_at = stop_and_save(trainer)
    trainer.press("run.train")
    trainer.root.get_by_role("button", name=f"Resume at step {stopped_at}").click()
    trainer.wait_for_step(stopped_at + 5)
    stop_and_save(trainer)
    assert trainer.step() >= stopped_at + 5
