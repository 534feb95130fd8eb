"""How fast earlier trainings of a model were, from what they told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Any

from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import config_to_json, value_of

SPEED_SETTINGS = (  # by which the time of a step differs; where one does, another run tells nothing
    "adapter",
    "data.resolution",
    "data.batch_size",
    "data.gradient_accumulation_steps",
    "data.cache_latents",
    "augment.crop",
    "augment.rotation_degrees",
    "augment.colour_probability",
    "augment.variants",
    "parts.train_unet",
    "optimizer.name",
    "ema.enabled",
    "machines.num_processes",
    "precision.device",
    "precision.mixed_precision",
    "precision.gradient_checkpointing",
    "precision.attention",
)
NUM_RUNS = 20  # so many of the last trainings are looked at
TAIL_BYTES = 200_000  # of a run's events: some hundreds of steps
FEWEST_STEPS = 5


def find_seconds_per_step(folder: ModelFolder, config: TrainConfig) -> float | None:
    """The usual time of a step in the last training with settings like these; None when there is none."""
    wanted = _speed_facts(config_to_json(config))
    for path in sorted(folder.runs.glob("*-train"), reverse=True)[:NUM_RUNS]:
        run = RunFolder(path)
        if _asked_facts(run) == wanted:
            times = _step_times(run)
            gaps = [later - earlier for earlier, later in pairwise(times) if later > earlier]
            if len(gaps) >= FEWEST_STEPS:
                return median(gaps)
    return None


def _speed_facts(values: dict[str, Any]) -> dict[str, Any]:
    facts = {name: value_of(values, name) for name in SPEED_SETTINGS}
    facts["learns_text"] = values["parts"]["text_encoder_fraction"] > 0
    facts["resolutions"] = {concept.get("resolution", 0) for concept in values["concepts"]}
    facts["has_classes"] = any(concept["num_class_images_per"] for concept in values["concepts"])
    return facts


def _asked_facts(run: RunFolder) -> dict[str, Any] | None:
    """What a run was asked to do, as far as it decides the speed; None when it was of another version."""
    try:
        return _speed_facts(json.loads(run.config_file.read_text(encoding="utf-8"))["config"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _step_times(run: RunFolder) -> list[float]:
    return [event["time"] for event in _last_events(run) if event.get("event") == "step"]


def _last_events(run: RunFolder) -> Iterator[dict[str, Any]]:
    """Whole lines at the end of the events, however long they have become."""
    try:
        with run.events_file.open("rb") as file:
            length = file.seek(0, 2)
            start = file.seek(max(0, length - TAIL_BYTES))
            lines = file.read().split(b"\n")[1 if start else 0 : -1]
    except OSError:
        return
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
