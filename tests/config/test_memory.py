"""Memory follows from counted weights; presets keep what their names promise."""

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.fitting import fitting_config
from dreambooth.config.memory import estimate_bytes
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.config.presets import presets_for, with_preset
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed
from dreambooth.config.weights import WeightCounts, count_weights
from dreambooth.models.architecture import STABLE_DIFFUSION_15, STABLE_DIFFUSION_21, STABLE_DIFFUSION_XL
from dreambooth.models.configs import build_without_weights

COUNTS = WeightCounts(everything=1000, unet=860, learning=100)
FULL_SIZE = {"sd1": STABLE_DIFFUSION_15, "sd2": STABLE_DIFFUSION_21, "sdxl": STABLE_DIFFUSION_XL}
PROMISED = [
    (family, preset)
    for family in FULL_SIZE
    for preset in presets_for(family)
    if preset.name.endswith(("GB)", "GB"))
]


def bytes_of(config: TrainConfig, counts: WeightCounts = COUNTS, **where) -> int:
    return estimate_bytes(config, counts, **{"in_half_precision": True, "on_gpu": True, **where})


def with_changes(**changes: str) -> TrainConfig:
    return changed(TrainConfig(), {name.replace("__", "."): value for name, value in changes.items()})


@pytest.fixture(scope="module")
def shapes():
    """The shapes of the usual models."""
    return {
        family: {
            part: {name: tuple(weight.shape) for name, weight in module.named_parameters()}
            for part, module in build_without_weights(architecture).items()
        }
        for family, architecture in FULL_SIZE.items()
    }


def test_every_optimizer_has_its_memory():
    assert list(KINDS) == list(get_args(get_type_hints(OptimizerConfig)["name"]))


def test_weights_that_learn_are_held_with_gradient_and_moments():
    counts = replace(COUNTS, unet=0)  # leaves out what passes through it
    assert bytes_of(TrainConfig(), counts) == 100 * (4 + 4 + 8) + 900 * 2
    assert bytes_of(with_changes(adapter="lora"), counts) == 100 * (4 + 4 + 8) + 1000 * 2
    assert bytes_of(with_changes(optimizer__name="adamw_8bit"), counts) == 100 * (4 + 4 + 2) + 900 * 2
    assert bytes_of(with_changes(optimizer__name="prodigy"), counts) == 100 * (4 + 4 + 16) + 900 * 2
    assert bytes_of(with_changes(ema__enabled="true"), counts) == 100 * (4 + 4 + 8 + 4) + 900 * 2
    assert bytes_of(TrainConfig(), counts, on_gpu=False) == 100 * (4 + 4 + 8) + 900 * 4


def test_untrained_answers_cost_a_copy_of_what_learns_and_pictures_shown_twice():
    counts, held = replace(COUNTS, unet=0), {"preservation__kind": "prior_prediction"}
    plain, lora = TrainConfig(), with_changes(adapter="lora")
    assert bytes_of(with_changes(**held), counts) - bytes_of(plain, counts) == 100 * 2
    assert (
        bytes_of(with_changes(**held), counts, on_gpu=False) - bytes_of(plain, counts, on_gpu=False)
        == 100 * 4
    )
    assert bytes_of(with_changes(adapter="lora", **held), counts) == bytes_of(lora, counts)
    assert bytes_of(with_changes(adapter="lora", **held)) > bytes_of(lora)


def test_what_passes_through_grows_with_pictures_and_area():
    plain = bytes_of(TrainConfig())
    assert bytes_of(with_changes(precision__gradient_checkpointing="true")) < plain
    assert bytes_of(with_changes(data__batch_size="2")) > plain
    assert bytes_of(with_changes(data__resolution="1024")) > plain
    assert bytes_of(TrainConfig(concepts=(Concept(num_class_images_per=1),))) > plain
    assert bytes_of(TrainConfig(), in_half_precision=False) > plain


@pytest.mark.parametrize(("family", "preset"), PROMISED, ids=[f"{f} {p.name}" for f, p in PROMISED])
def test_preset_fits_into_the_memory_that_it_names(shapes, family, preset):
    config = with_preset(fitting_config(FULL_SIZE[family].native_resolution), preset)
    promised = int(preset.name.rstrip(")").split()[-2].lstrip("("))
    assert bytes_of(config, count_weights(config, shapes[family])) < 0.93 * promised * 2**30
