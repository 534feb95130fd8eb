"""Presets hold settings that exist, are allowed, and do not contradict each other."""

from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.fitting import fitting_config
from dreambooth.config.presets import ALL, PRESETS, presets_for, with_preset
from dreambooth.config.rules import find_problems
from dreambooth.config.store import config_to_json

CASES = [(family, preset) for family in ALL for preset in presets_for(family)]


@pytest.fixture
def concept(tmp_path) -> Concept:
    return Concept(
        instance_data_dir=str(tmp_path),
        instance_prompt="a photo of sks dog",
        class_prompt="a photo of a dog",
        instance_token="sks",
    )


@pytest.mark.parametrize(("family", "preset"), CASES, ids=[f"{f} {p.name}" for f, p in CASES])
def test_preset_contradicts_nothing(concept, family, preset):
    config = replace(fitting_config(1024 if family == "sdxl" else 512), concepts=(concept,))
    applied = with_preset(config, preset)
    assert find_problems(applied) == []
    assert with_preset(applied, preset) == applied


@pytest.mark.parametrize("family", ALL)
def test_names_of_presets_are_told_apart(family):
    names = [preset.name for preset in presets_for(family)]
    assert len(names) == len(set(names)) >= 7
    assert all(preset.told.endswith(".") for preset in PRESETS)


def test_preset_sets_what_it_names_and_nothing_else(concept):
    config = replace(fitting_config(512), seed=7, concepts=(concept, concept))
    preset = next(preset for preset in PRESETS if preset.name == "Person")
    before, after = config_to_json(config), config_to_json(with_preset(config, preset))
    assert [told["num_class_images_per"] for told in after["concepts"]] == [5, 5]
    assert after["duration"]["num_epochs"] == 150
    for name in ("seed", "data", "lora", "optimizer", "adapter"):
        assert after[name] == before[name]


def test_no_family_has_no_presets_of_ours():
    assert presets_for("other") == ()
