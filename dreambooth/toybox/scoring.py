"""What a model knows of the demo's subject, and what became of ordinary robots, in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from dreambooth.adapters.lora import attach_lora
from dreambooth.adapters.lora_file import read_lora
from dreambooth.config.folders import ModelFolder
from dreambooth.config.precision import PrecisionConfig
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.toybox.judge import Judge, load_judge
from dreambooth.toybox.pictures import (
    SUBJECT_CHEST,
    TEAL,
    draw_picture,
    draw_subject,
    pictures_to_tensor,
)
from dreambooth.toybox.world import COLOURS, SCENES, full_caption, random_spec
from dreambooth.training.device import Device, choose_device
from dreambooth.training.measure import noise_error
from dreambooth.training.samplers import Look, Wish, draw_pictures

LOOK = Look(width=64, height=64, num_steps=20, guidance_scale=5.0)
BATCH = 12
PER_SCENE = 6
PER_COLOUR = 5
NEAR = 70.0  # distance in RGB within which a pixel counts as a colour
LEAST_BODY, LEAST_CHEST = 0.04, 0.004  # shares of the picture
NEVER_TRAINED_SCENE = "snow"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Shares from 0 to 1, and errors by the common measure (see ``training.measure``, t >= 600 for all)."""

    subject: float
    subject_elsewhere: float
    scene: float
    ordinary_colour: float
    trained_error: float
    held_out_error: float
    ordinary_error: float

    def relative_to(self, before: Scores) -> Scores:
        """The same shares, and the errors as shares of those of another model."""
        return Scores(
            subject=self.subject,
            subject_elsewhere=self.subject_elsewhere,
            scene=self.scene,
            ordinary_colour=self.ordinary_colour,
            trained_error=self.trained_error / before.trained_error,
            held_out_error=self.held_out_error / before.held_out_error,
            ordinary_error=self.ordinary_error / before.ordinary_error,
        )


@dataclass(frozen=True)
class Scored:
    """Scores, and some of the pictures that they were taken from: the subject, then ordinary robots."""

    scores: Scores
    pictures: tuple[Sequence[Image.Image], Sequence[Image.Image]]


def has_subject_palette(picture: Image.Image) -> bool:
    """Whether there is enough teal, and enough of the orange of the chest inside the teal part's bounds."""
    pixels = np.asarray(picture, dtype=np.float32)
    teal = np.linalg.norm(pixels - np.array(TEAL, dtype=np.float32), axis=-1) < NEAR
    if teal.mean() < LEAST_BODY:
        return False
    rows, columns = np.nonzero(teal)
    inside = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    orange = np.linalg.norm(inside - np.array(SUBJECT_CHEST, dtype=np.float32), axis=-1) < NEAR
    return bool(orange.sum() / teal.size >= LEAST_CHEST)


def match_subject(judge: Judge, pictures: Sequence[Image.Image]) -> list[bool]:
    """For each picture whether it has the subject's palette and a robot's shape."""
    verdicts = judge.look(pictures)
    return [
        has_subject_palette(picture) and verdict.thing == "robot"
        for picture, verdict in zip(pictures, verdicts, strict=True)
    ]


def _draw_all(model: Model, device: Device, prompts: Sequence[str]) -> list[Image.Image]:
    wishes = [Wish(prompt=prompt, seed=1000 + number) for number, prompt in enumerate(prompts)]
    return [
        picture
        for start in range(0, len(wishes), BATCH)
        for picture in draw_pictures(model, wishes[start : start + BATCH], LOOK, device)
    ]


def _share(answers: Sequence[bool]) -> float:
    return sum(answers) / len(answers)


def _error_on(model: Model, device: Device, prompts: Sequence[str], pictures: Sequence[Image.Image]) -> float:
    return noise_error(model, device, prompts, pictures_to_tensor(pictures)).high


def _load(folder: ModelFolder) -> Model:
    """The model with its adapter, if it has one."""
    model = load_model(folder.working)
    if folder.adapter_file.exists():
        attach_lora(model, read_lora(folder.adapter_file).tensors)
    return model


def score_model(path: Path, trained_on: Sequence[Path]) -> Scored:
    """Draw with the model in a model folder and judge the pictures."""
    device = choose_device(PrecisionConfig())
    model = _load(ModelFolder(path))
    model.to(device.device)
    judge = load_judge()
    asked_scenes = [scene for scene in SCENES for _ in range(PER_SCENE)]
    subjects = _draw_all(model, device, [f"a photo of a sks robot {SCENES[scene]}" for scene in asked_scenes])
    matches, verdicts = match_subject(judge, subjects), judge.look(subjects)
    colours = [colour for colour in COLOURS for _ in range(PER_COLOUR)]
    scenes = [tuple(SCENES)[number % len(SCENES)] for number in range(len(colours))]
    ordinary = _draw_all(
        model, device, [full_caption("robot", c, s) for c, s in zip(colours, scenes, strict=True)]
    )
    seen = [verdict.colour for verdict in judge.look(ordinary)]
    others = [random_spec(Random(f"held out {n}"), thing="robot") for n in range(6)]
    named = [random_spec(Random(f"ordinary {n}"), thing="robot") for n in range(12)]
    scores = Scores(
        subject=_share(matches),
        subject_elsewhere=_share(
            [
                match
                for match, scene in zip(matches, asked_scenes, strict=True)
                if scene == NEVER_TRAINED_SCENE
            ]
        ),
        scene=_share([v.scene == scene for v, scene in zip(verdicts, asked_scenes, strict=True)]),
        ordinary_colour=_share([a == b for a, b in zip(seen, colours, strict=True)]),
        trained_error=_error_on(
            model,
            device,
            ["a photo of a sks robot"] * len(trained_on),
            [Image.open(picture).convert("RGB") for picture in trained_on],
        ),
        held_out_error=_error_on(
            model,
            device,
            [f"a photo of a sks robot {SCENES[spec.scene]}" for spec in others],
            [draw_subject(spec) for spec in others],
        ),
        ordinary_error=_error_on(
            model,
            device,
            [full_caption("robot", spec.colour, spec.scene) for spec in named],
            [draw_picture(spec) for spec in named],
        ),
    )
    return Scored(scores, (subjects, ordinary))
