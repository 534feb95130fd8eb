"""How good the toybox is, by measurement: ``python -m benchmarks.toybox_quality``.

(a) It listens to its captions: E(wrong caption) / E(right caption) over t >= 600 (see ``training.measure``).
(b) It draws what it is told: for 360 prompts at 20 DDIM steps, the share of pictures in which a classifier
    that was trained on drawn pictures alone sees the right thing, colour and scene.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from random import Random

from PIL import Image

from dreambooth.config.precision import PrecisionConfig
from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.toybox.judge import accuracy_on_drawn, load_judge
from dreambooth.toybox.pictures import draw_picture, pictures_to_tensor
from dreambooth.toybox.world import COLOURS, OBJECTS, SCENES, Spec, full_caption, random_spec
from dreambooth.training.device import Device, choose_device
from dreambooth.training.measure import noise_error
from dreambooth.training.samplers import Look, Wish, draw_pictures

NUM_PROMPTS = 360
BATCH = 12
TARGETS = {"ratio": 2.0, "thing": 0.85, "colour": 0.90, "scene": 0.95}


def other(rng: Random, names: tuple[str, ...], name: str) -> str:
    """One of the names, but not this one."""
    return rng.choice([each for each in names if each != name])


def wrong_caption(rng: Random, spec: Spec) -> str:
    """A caption in which everything is something else."""
    return full_caption(
        other(rng, OBJECTS, spec.thing),
        other(rng, tuple(COLOURS), spec.colour),
        other(rng, tuple(SCENES), spec.scene),
    )


def caption_ratio(model: Model, device: Device, count: int = 60) -> float:
    """E(wrong) / E(right) on pictures that the toybox was not trained on."""
    rng = Random("quality")
    specs = [random_spec(rng) for _ in range(count)]
    pictures = pictures_to_tensor([draw_picture(spec) for spec in specs])
    right = [full_caption(spec.thing, spec.colour, spec.scene) for spec in specs]
    wrong = [wrong_caption(rng, spec) for spec in specs]
    return noise_error(model, device, wrong, pictures).high / noise_error(model, device, right, pictures).high


def prompts_of(count: int) -> list[tuple[str, str, str]]:
    """Thing, colour and scene of each prompt, every one of them about equally often."""
    colours, scenes = tuple(COLOURS), tuple(SCENES)
    return [
        (
            OBJECTS[n % len(OBJECTS)],
            colours[(n + n // 10) % len(colours)],
            scenes[(n + n // 10) % len(scenes)],
        )
        for n in range(count)
    ]


def drawn_right(model: Model, device: Device, guidance_scale: float, sheet: Path | None) -> dict[str, float]:
    """Shares of pictures with the right thing, colour and scene."""
    judge, look = load_judge(), Look(width=64, height=64, num_steps=20, guidance_scale=guidance_scale)
    asked = prompts_of(NUM_PROMPTS)
    pictures: list[Image.Image] = []
    for start in range(0, NUM_PROMPTS, BATCH):
        numbers = range(start, min(start + BATCH, NUM_PROMPTS))
        wishes = [Wish(prompt=full_caption(*asked[number]), seed=number) for number in numbers]
        pictures += draw_pictures(model, wishes, look, device)
    if sheet is not None:
        save_sheet(pictures[:120], sheet)
    verdicts = judge.look(pictures)
    parts = {"thing": 0, "colour": 1, "scene": 2}
    return {
        part: sum(getattr(v, part) == a[index] for v, a in zip(verdicts, asked, strict=True)) / NUM_PROMPTS
        for part, index in parts.items()
    }


def save_sheet(pictures: list[Image.Image], path: Path) -> None:
    """The pictures in rows of twelve."""
    sheet = Image.new("RGB", (12 * 64, -(-len(pictures) // 12) * 64))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % 12 * 64, number // 12 * 64))
    sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST).save(path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.toybox_quality")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FILE)
    parser.add_argument("--guidance-scale", type=float, default=5.0)
    parser.add_argument("--sheet", type=Path, help="also save 120 of the pictures")
    asked = parser.parse_args()
    device = choose_device(PrecisionConfig())
    with tempfile.TemporaryDirectory() as folder:
        working = Path(folder) / "working"
        create_working(read_source(asked.weights), working)
        model = load_model(working)
        model.to(device.device)
        figures = {"ratio": caption_ratio(model, device)}
        figures |= drawn_right(model, device, asked.guidance_scale, asked.sheet)
    on_drawn = dict(zip(("thing", "colour", "scene"), accuracy_on_drawn(load_judge()), strict=True))
    print("the judge on drawn pictures: " + json.dumps(on_drawn))
    for name, target in TARGETS.items():
        print(f"{name:>8}: {figures[name]:.3f}   target {target}")
    print(json.dumps({"result": figures}))


if __name__ == "__main__":
    main()
