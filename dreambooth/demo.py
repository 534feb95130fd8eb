"""The demo: a subject that the toybox has never seen is learnt from five pictures, and that is measured.

Every step is a command that anybody can type; the demo prints each before it runs it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

from PIL import Image

from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.toybox.pictures import draw_picture, draw_subject
from dreambooth.toybox.scoring import NEVER_TRAINED_SCENE, Scores, score_model
from dreambooth.toybox.sheet import contact_sheet
from dreambooth.toybox.world import COLOURS, SCENES, full_caption, random_spec

INSTANCE_PROMPT = "a photo of a sks robot"
CLASS_PROMPT = f"a photo of a {{{'|'.join(COLOURS)}}} robot"  # a prior protects what its prompts name
SETTINGS = {
    "full": {"optimizer.unet_lr": "5e-4"},
    "lora": {"adapter": "lora", "lora.rank": "16", "lora.unet_lr": "3e-3"},
}
SHARED = {
    "data.batch_size": "5",
    "schedule.name": "cosine",
    "samples.sample_at_end": "false",
}
NUM_STEPS = 600
CLASS_IMAGES_PER_PICTURE = 12
GUIDANCE_SCALE = "5"  # what is usual elsewhere is a little too much for so small a model
BASE = "toybox"


@dataclass(frozen=True)
class Variant:
    """One of the models that the demo compares."""

    name: str
    label: str
    class_images: int = 0  # per instance image
    kind: str = "class_images"  # of preservation
    has_photographs: bool = False  # of ordinary robots


VARIANTS = (
    Variant("with-prior", "with prior preservation", CLASS_IMAGES_PER_PICTURE),
    Variant("without-prior", "without"),
)
WAYS_OF_PRESERVATION = (
    Variant("nothing", "nothing preserved"),
    Variant("class-images", "class images", CLASS_IMAGES_PER_PICTURE),
    Variant("real-pictures", "real pictures", has_photographs=True),
    Variant("prior-prediction", "prior prediction", kind="prior_prediction"),
    Variant("output-preservation", "output preservation", kind="output_preservation"),
)
COMPARED = {"prior": VARIANTS, "preservation": WAYS_OF_PRESERVATION}


class Story:
    """Runs the commands and tells of them."""

    def __init__(self, folder: Path, *, as_json: bool) -> None:
        self.folder = folder
        self.models = folder / "models"
        self.pictures = folder / "pictures"
        self.photographs = folder / "photographs"
        self.as_json = as_json
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.as_json:
            print(text, flush=True)

    def command(self, *words: str) -> None:
        """Type a command; the demo ends when it fails."""
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        self.say(f"\n$ python -m dreambooth {shown}")
        told = subprocess.run(
            [sys.executable, "-m", "dreambooth", "--models-dir", str(self.models), *words],
            stdout=subprocess.DEVNULL if self.as_json else None,
            check=False,
        )
        if told.returncode:
            raise SystemExit(told.returncode)


def draw_subject_pictures(folder: Path) -> list[Path]:
    """Pictures of the subject in all scenes but one, as somebody might have taken them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, scene in enumerate(scene for scene in SCENES if scene != NEVER_TRAINED_SCENE):
        path = folder / f"robot_{number}.png"
        draw_subject(random_spec(Random(f"demo {number}"), thing="robot", scene=scene)).save(path)
        paths.append(path)
    return paths


def draw_photographs(folder: Path) -> None:
    """Captioned pictures of ordinary robots as they are in this world, of every colour in every scene."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (colour, scene) in enumerate(product(COLOURS, SCENES)):
        spec = random_spec(Random(f"photograph {number}"), thing="robot", colour=colour, scene=scene)
        draw_picture(spec).save(folder / f"robot_{number}.png")
        (folder / f"robot_{number}.txt").write_text(full_caption("robot", colour, scene), encoding="utf-8")


def train_variant(story: Story, variant: Variant, method: str, num_steps: int) -> None:
    """Create a model, tell it what to learn, and train it."""
    story.command("create", variant.name, "--source", str(WEIGHTS_FILE))
    concept = ["--instance-data-dir", str(story.pictures), "--instance-prompt", INSTANCE_PROMPT]
    settings = {**SHARED, "duration.max_steps": str(num_steps), **SETTINGS[method]}
    if variant.class_images:
        concept += ["--class-prompt", CLASS_PROMPT, "--num-class-images-per", str(variant.class_images)]
        concept += ["--class-infer-steps", "20", "--class-guidance-scale", GUIDANCE_SCALE]
    if variant.has_photographs:  # as many in each step as of the subject
        draw_photographs(story.photographs)
        share = int(SHARED["data.batch_size"]) / (len(COLOURS) * len(SCENES))
        concept += ["--preservation-data-dir", str(story.photographs)]
        concept += ["--preservation-multiply", f"{share:.4f}"]
        settings["data.batch_size"] = str(2 * int(SHARED["data.batch_size"]))
    if variant.kind != "class_images":
        concept += ["--class-prompt", "a photo of a robot"]
        concept += ["--instance-token", "sks", "--class-token", "robot"]
        settings["preservation.kind"] = variant.kind
    story.command("concept", variant.name, "add", *concept)
    changes = [f"{name}={value}" for name, value in settings.items()]
    story.command("train", variant.name, "--set", *changes)


TABLE = (
    ("the subject is recognised", "subject"),
    ("… also in scenes that it was not seen in", "subject_elsewhere"),
    ("the scene is the one asked for", "scene"),
    ("ordinary robots have the colour asked for", "ordinary_colour"),
    ("error on the five pictures, after/before", "trained_error"),
    ("error on other pictures of the subject", "held_out_error"),
    ("error on ordinary robots", "ordinary_error"),
)


def format_table(columns: Mapping[str, Scores]) -> str:
    """The figures of each model side by side."""
    width = max(len(label) for label, _ in TABLE)
    wide = max(map(len, columns))
    lines = [" " * width + "".join(f"  {label:>{wide}}" for label in columns)]
    for label, name in TABLE:
        values = [getattr(scores, name) for scores in columns.values()]
        is_ratio = name.endswith("error")
        cells = [f"{value:.2f}" if is_ratio else f"{value:.0%}" for value in values]
        lines.append(label.ljust(width) + "".join(f"  {cell:>{wide}}" for cell in cells))
    return "\n".join(lines)


def run(folder: Path, method: str, variants: Sequence[Variant], num_steps: int, *, as_json: bool) -> None:
    """The whole story."""
    shutil.rmtree(folder / "models", ignore_errors=True)
    story = Story(folder, as_json=as_json)
    pictures = draw_subject_pictures(story.pictures)
    story.say(f"Five pictures of a robot that the toybox has never seen: {story.pictures}")
    story.command("create", BASE, "--source", str(WEIGHTS_FILE))
    for variant in variants:
        train_variant(story, variant, method, num_steps)
    first = variants[0].name
    story.command(
        "sample",
        first,
        "--prompt",
        f"{INSTANCE_PROMPT} at night",
        "--count",
        "4",
        "--to",
        str(folder / "samples"),
    )
    form = "lora" if method == "lora" else "checkpoint"
    story.command("export", first, "--to", str(folder / f"{first}.safetensors"), "--format", form)

    story.say("\nMeasuring …")
    scored = {BASE: score_model(story.models / BASE, pictures)}
    scored |= {each.label: score_model(story.models / each.name, pictures) for each in variants}
    columns = {label: each.scores.relative_to(scored[BASE].scores) for label, each in scored.items()}
    sheet = folder / "contact_sheet.png"
    rows = {label: each.pictures for label, each in scored.items()}
    contact_sheet([Image.open(path) for path in pictures], rows).save(sheet)
    seconds = time.monotonic() - story.started
    if as_json:
        told = {label: vars(scores) for label, scores in columns.items()}
        print(json.dumps({"result": told, "sheet": str(sheet), "seconds": round(seconds)}), flush=True)
        return
    story.say("\n" + format_table(columns))
    story.say(f"\nPictures of all of them side by side: {sheet}\n{seconds / 60:.1f} minutes in all.")


def main() -> None:
    """The command line; ``python -m dreambooth demo`` comes here."""
    parser = argparse.ArgumentParser(prog="python -m dreambooth demo")
    parser.add_argument("--method", choices=sorted(SETTINGS), default="full")
    parser.add_argument("--compare", choices=sorted(COMPARED), default="prior")
    parser.add_argument("--steps", type=int, default=NUM_STEPS)
    parser.add_argument("--to", type=Path, default=Path("demo"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    run(asked.to.resolve(), asked.method, COMPARED[asked.compare], asked.steps, as_json=asked.json)


if __name__ == "__main__":
    main()
