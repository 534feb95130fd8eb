"""A user's whole way through the page, in each Gradio: from no model at all to a file for the webui."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect
from safetensors.torch import load_file

from tests.browser.pages import TrainerPage
from tests.conftest import draw_photos

MODEL = "robot"
TOYBOX = "Toybox: the small model that ships with the trainer"
PRESET = "LoRA, usual"
PROMPT = "sks robot, [filewords]"
PROMPTS = [f"sks robot, a {colour} robot, in snow, at night" for colour in ("red", "green", "blue")]
STEPS = 120
SAVE_EVERY = 40
SAMPLE_EVERY = 10
SAME_PICTURE_SECONDS = 2
COME = "img[src^='data:image']"  # pictures that have come


@dataclass(frozen=True)
class Seen:
    """What Output showed of a training."""

    step: int
    sampled_step: str


@pytest.fixture
def trainer(page, server) -> TrainerPage:
    """The page of a server without models."""
    return TrainerPage(page, server).open()


def create_model(trainer: TrainerPage) -> None:
    """Choose the toybox from the list; the page says what it is before a model is made of it."""
    form = trainer.open_tab("Create")
    form.get_by_label("Made from").select_option(label=TOYBOX)
    detected = form.locator(".db-detected")
    expect(detected).to_contain_text("for 64 px")
    expect(detected).to_contain_text("the noise")
    assert not (trainer.server.models_dir / MODEL).exists()
    trainer.change("name", MODEL, "create")
    trainer.press("create.start")
    trainer.wait_for_words(f"{MODEL} is made, and chosen", within=".db-create-told")
    trainer.press("page.to_concepts")


def describe_subject(trainer: TrainerPage, photos: Path) -> None:
    """Upload pictures with captions, say what they are called, and read what will be trained."""
    trainer.press("page.concept_add")
    with trainer.page.expect_file_chooser() as chooser:
        trainer.press("dataset.upload")
    chooser.value.set_files(sorted(photos.iterdir()))
    trainer.wait_for_words("3 pictures, 3 with a caption", within=".db-concept-summary")
    trainer.change("instance_prompt", PROMPT, "concept")
    trainer.change("instance_token", "sks", "concept")
    trainer.change("class_token", "robot", "concept")
    trainer.change("save_infer_steps", 2, "concept")
    rows = trainer.root.locator(".db-prompts tbody tr")
    expect(rows.locator("td:nth-of-type(1)")).to_have_text(PROMPTS)
    expect(rows.locator("td:nth-of-type(3)")).to_have_text(["–"] * 3)
    expect(rows.locator("td:nth-of-type(4)")).to_have_text([PROMPTS[0]] * 3)


def choose_settings(trainer: TrainerPage) -> None:
    """A preset, and sizes at which a step takes no time, with previews and checkpoints on the way."""
    trainer.show_advanced()
    trainer.root.get_by_label("Presets").select_option(PRESET)
    trainer.press("presets.apply")
    trainer.wait_for_words(f"{PRESET} is applied", within=".db-messages")
    expect(trainer.control("lora.rank")).to_have_value("16")
    for setting, value in {
        "duration.max_steps": STEPS,
        "data.resolution": 64,
        "data.bucket_step_px": 8,
        "precision.device": "cpu",
    }.items():
        trainer.change(setting, value)
    trainer.open_tab("Saving")
    trainer.change("samples.sample_every_steps", SAMPLE_EVERY)
    trainer.change("saving.save_every_steps", SAVE_EVERY)
    trainer.change("saving.keep_last", 0)
    trainer.wait_until_saved()


def look_at_sizes(trainer: TrainerPage) -> None:
    """See the sizes of an epoch in numbers, and drawn."""
    panel = trainer.open_tab("Tools")
    panel.locator("details[data-group='buckets'] summary").click()
    trainer.press("buckets.dry_run")
    expect(panel.locator(".db-buckets tbody tr").first).to_contain_text("64 × 64")
    expect(panel.locator("img.db-drawing")).to_have_js_property("complete", value=True)


def watch(trainer: TrainerPage) -> Seen:
    """See samples and graphs come; returns what is shown then."""
    trainer.wait_for_step(SAMPLE_EVERY + 1)
    expect(trainer.root.locator(".db-graph-loss canvas")).to_be_visible()
    expect(trainer.root.locator(".db-graph-loss")).to_contain_text("Total")
    shown = trainer.root.locator(".db-sample-prompt")
    expect(shown).to_contain_text(f"{PROMPTS[0]} · seed")
    shown.scroll_into_view_if_needed()
    expect(shown.locator(COME).first).to_be_visible()
    return Seen(trainer.step(), trainer.root.locator(".db-sample-step").first.inner_text())


def sees_the_same(trainer: TrainerPage, seen: Seen) -> None:
    """A page that comes alive shows the training as it is within moments."""
    within = SAME_PICTURE_SECONDS
    trainer.wait_for_step(seen.step, seconds=within)
    sampled = trainer.root.locator(".db-sample-step", has_text=seen.sampled_step)
    expect(sampled).to_be_visible(timeout=1000 * within)
    expect(trainer.root.locator(".db-graph-loss")).to_contain_text("Total", timeout=1000 * within)
    expect(trainer.root.locator(".db-model-name")).to_have_text(MODEL)


def stop_and_save(trainer: TrainerPage) -> int:
    """Ask the training to stop, and wait until it has; returns the step that it reached."""
    trainer.root.get_by_role("button", name="Stop ▾").click()
    trainer.root.get_by_role("menuitem", name="Stop after this step, and save").click()
    expect(trainer.button("run.train")).to_have_text("Resume", timeout=120_000)
    return trainer.step()


def resume_to_the_end(trainer: TrainerPage, step: int) -> None:
    """The dialog says where it goes on."""
    trainer.press("run.train")
    trainer.root.get_by_role("button", name=f"Resume at step {step}").click()
    trainer.wait_for_words(f"Done: {STEPS} steps", seconds=240)
    expect(trainer.button("run.train")).to_have_text("Train")


def generate(trainer: TrainerPage) -> None:
    """Two pictures of the model as it is."""
    trainer.open_tab("Generate")
    for setting, value in {"prompt": PROMPTS[0], "count": 2, "steps": 2}.items():
        trainer.change(setting, value, "sample")
    trainer.press("generate.draw")
    expect(trainer.root.locator(f".db-drawn {COME}")).to_have_count(2, timeout=120_000)


def draw_grid(trainer: TrainerPage, saved_steps: list[int]) -> None:
    """Saved steps by prompts."""
    for setting, value in {"prompts": "\n".join(PROMPTS[:2]), "steps": 2}.items():
        trainer.change(setting, value, "grid")
    saves = trainer.field("saves", "grid").get_by_role("group", name="Saved steps")
    newest_first = [f"step {step}" for step in reversed(saved_steps)]
    expect(saves.locator("label")).to_have_text(["the model as it is", *newest_first])
    saves.get_by_label("the model as it is").uncheck()
    trainer.press("generate.grid")
    expect(trainer.root.locator(f".db-grid-drawn {COME}")).to_have_count(1, timeout=120_000)


def export(trainer: TrainerPage) -> Path:
    """Write the LoRA of a saved step; returns its file."""
    trainer.press("page.export")
    dialog = trainer.root.get_by_role("dialog", name="Generate checkpoint")
    dialog.get_by_label("What is written").select_option(label=f"saved step {SAVE_EVERY}, an adapter")
    trainer.change("format", "lora", "export")
    trainer.press("export.start")
    trainer.wait_for_words("Written", within=".db-export-told", seconds=120)
    return Path(dialog.locator(".db-path").inner_text())


def test_from_no_model_to_a_file_for_the_webui(trainer, new_page, tmp_path):
    create_model(trainer)
    describe_subject(trainer, draw_photos(tmp_path / "photos", 3))
    choose_settings(trainer)
    look_at_sizes(trainer)

    trainer.press("run.train")
    seen = watch(trainer)
    sees_the_same(trainer.open(), seen)
    sees_the_same(TrainerPage(new_page(), trainer.server).open(), seen)
    stopped_at = stop_and_save(trainer)
    resume_to_the_end(trainer, stopped_at)

    generate(trainer)
    draw_grid(trainer, sorted({*range(SAVE_EVERY, STEPS + 1, SAVE_EVERY), stopped_at}))
    file = export(trainer)
    assert file == trainer.server.folder / "data/models/Lora" / f"{MODEL}_{SAVE_EVERY}.safetensors"
    names = load_file(file)
    assert {name.split("_")[1] for name in names} == {"unet"}
    assert {name.split(".", 1)[1] for name in names} == {"alpha", "lora_down.weight", "lora_up.weight"}
