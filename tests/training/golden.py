"""Golden curves: the first losses of every family, method and adapter, on models that never change.

The settings are the defaults but for what makes a curve tell more in few steps: higher rates, and 32 pixels.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import with_values
from dreambooth.data.batches import iterate_steps
from dreambooth.data.cache import TensorCache
from dreambooth.data.examples import build_examples
from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.training.device import choose_device
from dreambooth.training.learner import build_latents, build_learner
from dreambooth.training.step import train_step
from tests.conftest import draw_photos
from tests.models.tiny import FAMILIES, write_tiny

PINS = Path(__file__).with_suffix(".json")
NUM_STEPS = 20

METHODS: dict[str, dict[str, Any]] = {
    "dreambooth": {"instance_prompt": "a photo of a sks robot", "num_class_images_per": 1},
    "finetune": {"instance_prompt": "[filewords]"},
    "hybrid": {"instance_prompt": "[filewords]", "instance_token": "sks", "class_token": "robot"},
}
ADAPTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "lora": {"adapter": "lora"},
    "loha": {"adapter": "loha"},
    "lokr": {"adapter": "lokr"},
    "dora": {"adapter": "lora", "lora.dora": True},
    "locon": {"adapter": "lora", "lora.conv_rank": 4},
}
OF_DREAMBOOTH_ALONE = ("dora", "locon")


@dataclass(frozen=True)
class Case:
    """One curve."""

    family: str
    method: str
    adapter: str

    @property
    def name(self) -> str:
        """As the pins have it."""
        return f"{self.family} {self.method} {self.adapter}"


CASES = [
    Case(family, method, adapter)
    for family in ("sd1", "sd2", "sdxl")
    for method in METHODS
    for adapter in ADAPTERS
    if method == "dreambooth" or adapter not in OF_DREAMBOOTH_ALONE
]


def read_pins() -> dict[str, list[float]]:
    """The losses of each case."""
    pins: dict[str, list[float]] = json.loads(PINS.read_text(encoding="utf-8"))
    return pins


class Golden:
    """Models and pictures in a folder, made once, and the curves that they give."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.models: dict[str, Model] = {}
        draw_photos(folder / "photos", 4)
        draw_photos(folder / "classes", 4)

    def losses(self, case: Case, count: int) -> list[float]:
        """The first losses of a training of 20 steps."""
        return list(islice(self._losses(case), count))

    def _losses(self, case: Case) -> Iterator[float]:
        config = self._config(case)
        device = choose_device(config.precision)
        model = self._fresh_model(case.family)
        latents = build_latents(model, device, TensorCache(self.folder / "cache"))
        dataset = build_examples(config, [self.folder / "nowhere"])
        learner = build_learner(config, model, device, latents, NUM_STEPS)
        for number, step in enumerate(islice(iterate_steps(dataset, config, 0), NUM_STEPS)):
            yield train_step(learner, step, number).loss

    def _config(self, case: Case) -> TrainConfig:
        concept = Concept(
            instance_data_dir=str(self.folder / "photos"),
            class_data_dir=str(self.folder / "classes"),
            class_prompt="a photo of a robot",
        )
        config = TrainConfig(
            method=case.method,  # type: ignore[arg-type]
            concepts=(replace(concept, **METHODS[case.method]),),
            data=DataConfig(resolution=32, bucket_step_px=8),
        )
        rates = {"optimizer.unet_lr": 1e-5, "lora.unet_lr": 1e-3, "duration.max_steps": NUM_STEPS}
        return with_values(config, {**rates, **ADAPTERS[case.adapter], "precision.device": "cpu"})

    def _fresh_model(self, family: str) -> Model:
        if family not in self.models:
            source = WEIGHTS_FILE
            if family != "sd1":
                source = write_tiny(self.folder / f"{family}.safetensors", FAMILIES[family])
            create_working(read_source(source), self.folder / family)
            self.models[family] = load_model(self.folder / family)
        return copy.deepcopy(self.models[family])
