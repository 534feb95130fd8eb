"""No control without effect: which pictures an epoch shows, and with which words."""

from pathlib import Path

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import epoch_steps
from dreambooth.data.examples import build_examples
from tests.conftest import draw_photos
from tests.training.conftest import with_settings

SHUFFLED = {"captions.shuffle_tags": True}

# name → (another value, what else must be set for it to matter)
SHOWN = {
    "captions.prefix": ("by sks,", {}),
    "captions.suffix": ("in oil", {}),
    "captions.keep_tags": (3, SHUFFLED),
    "captions.keep_tags_separator": ("|||", SHUFFLED),
    "captions.tag_separator": (" ", SHUFFLED),
    "captions.secondary_separator": (";;;", SHUFFLED),
    "captions.tag_dropout_probability": (0.5, {}),
    "captions.wildcards": (True, {}),
    "captions.dropout_every_epochs": (2, {}),
    "data.mix_concepts": (False, {"data.batch_size": 4}),
}
PROVEN = set(SHOWN)


@pytest.fixture
def two_concepts(tmp_path) -> TrainConfig:
    caption = "a robot, red, {big|small}, on ||| grass;;;and;;;stones, sky"
    concepts = []
    for name in "ab":
        for photo in draw_photos(tmp_path / name, 5).glob("*.png"):
            photo.with_suffix(".txt").write_text(caption, encoding="utf-8")
        concepts.append(Concept(instance_data_dir=str(tmp_path / name)))
    return TrainConfig(method="finetune", concepts=tuple(concepts))


def shown(config: TrainConfig) -> list[list[str]]:
    """Pictures and words of every batch of two epochs."""
    dataset = build_examples(config, [Path("nowhere")] * 2)
    return [
        [f"{item.example.image} {item.prompt}" for item in batch.items]
        for epoch in range(2)
        for step in epoch_steps(dataset, config, epoch)
        for batch in step
    ]


@pytest.mark.parametrize("name", SHOWN)
def test_setting_changes_what_is_shown(two_concepts, name):
    value, others = SHOWN[name]
    before = with_settings(two_concepts, **others)
    assert shown(before) != shown(with_settings(before, **{name: value}))
