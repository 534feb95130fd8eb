"""Takes the pictures of the page for the README: ``python -m docs.make_screenshots``.

A toybox model learns the demo's subject meanwhile. It needs what the browser tests need.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

from PIL import Image
from playwright.sync_api import Browser, expect

from dreambooth.demo import CLASS_PROMPT, GUIDANCE_SCALE, INSTANCE_PROMPT, NEVER_TRAINED_SCENE, SETTINGS
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.toybox.pictures import draw_subject
from dreambooth.toybox.world import SCENES, random_spec
from tests.browser.chromium import open_browser
from tests.browser.pages import TrainerPage
from tests.browser.servers import Server, serve_page

TO = Path(__file__).parent
MODEL = "my_robot"
SIDE_PX = 256  # of the pictures; the toybox is trained at 64
STEPS, SHOWN_FROM = 400, 240
PATIENCE_SECONDS = 1800
TRAINING = {
    **SETTINGS["full"],
    "data.batch_size": "5",
    "duration.max_steps": str(STEPS),
    "schedule.name": "cosine",
    "samples.sample_every_steps": "60",
    "saving.save_every_steps": "120",
}


def draw_pictures(folder: Path) -> None:
    """The demo's subject in all scenes that it is trained in."""
    folder.mkdir()
    for number, scene in enumerate(scene for scene in SCENES if scene != NEVER_TRAINED_SCENE):
        spec = random_spec(Random(f"demo {number}"), thing="robot", scene=scene)
        draw_subject(spec, SIDE_PX).save(folder / f"robot_{number}.png")


def make_model(folder: Path) -> None:
    """A model that is ready to be trained."""
    pictures = folder / "pictures"
    draw_pictures(pictures)
    command(folder, "create", MODEL, "--source", str(WEIGHTS_FILE))
    concept = ["--instance-data-dir", str(pictures), "--instance-prompt", INSTANCE_PROMPT]
    concept += ["--instance-token", "sks", "--class-token", "robot", "--class-prompt", CLASS_PROMPT]
    concept += ["--num-class-images-per", "2", "--class-infer-steps", "15", "--n-save-sample", "3"]
    command(folder, "concept", MODEL, "add", *concept, "--save-guidance-scale", GUIDANCE_SCALE)
    command(folder, "settings", MODEL, "--set", *(f"{name}={value}" for name, value in TRAINING.items()))


def command(folder: Path, *words: str) -> None:
    """Type a command; raises CalledProcessError when it fails."""
    program = [sys.executable, "-m", "dreambooth", "--models-dir", str(folder / "models")]
    subprocess.run([*program, *words], check=True)


def take(trainer: TrainerPage, name: str) -> None:
    """Keep what is seen, in as many colours as it needs to look the same."""
    trainer.page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(trainer.page.screenshot())).convert("RGB")
    picture.quantize(256).save(TO / f"page-{name}.png", optimize=True)


def open_page(browser: Browser, server: Server, width: int, height: int, theme: str) -> TrainerPage:
    """The page in a window of this size."""
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    return TrainerPage(context.new_page(), server).open(theme=theme)


def take_all(browser: Browser, server: Server) -> None:
    """Train, and take the pictures while that goes on."""
    wide = open_page(browser, server, 1440, 1180, "light")
    dark = open_page(browser, server, 1440, 1180, "dark")
    narrow = open_page(browser, server, 420, 860, "light")
    wide.open_tab("Settings")
    panel = dark.open_tab("Concepts")
    expect(panel.locator(".db-prompts")).to_contain_text(INSTANCE_PROMPT)
    wide.press("run.train")
    for page in (wide, dark, narrow):
        page.wait_for_step(SHOWN_FROM, seconds=PATIENCE_SECONDS)
    take(wide, "training")
    take(dark, "concepts")
    narrow.press("page.go_to_output")
    take(narrow, "telephone")


def main() -> None:
    """Everything, in a folder that goes when it is over."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_model(folder)
        with serve_page(Path(sys.executable), folder) as server, open_browser() as browser:
            take_all(browser, server)


if __name__ == "__main__":
    main()
