"""No control without effect: what is measured, when, and how."""

import pytest

from dreambooth.training.validation import Measured, is_validation_due, measure
from tests.conftest import draw_photos
from tests.training.conftest import with_settings

SOME = {"validation__fraction": 0.3, "validation__noise_levels": 1}
MEASURED = {
    "fraction": (0.7, SOME),
    "data_dir": ("others", SOME),
    "stabilise": (True, SOME),
    "max_images": (1, {**SOME, "validation__fraction": 0.7}),
    "noise_levels": (2, SOME),
    "seed": (5, SOME),
}
DUE = {"every_epochs": (2, [0, 6, 8]), "every_steps": (5, [0, 3, 5, 6, 8])}
PROVEN = {f"validation.{name}" for name in (*MEASURED, *DUE)}


@pytest.mark.parametrize("name", MEASURED)
def test_setting_changes_what_is_measured(make_learner, config, tmp_path, name):
    def measured(**settings) -> Measured:
        learner, dataset = make_learner(with_settings(config, adapter="lora", **settings))
        return measure(learner, dataset)

    value, others = MEASURED[name]
    value = draw_photos(tmp_path / "others", 2) if name == "data_dir" else value
    assert measured(**others) != measured(**{**others, f"validation__{name}": value})


@pytest.mark.parametrize("name", DUE)
def test_setting_changes_when_it_is_measured(config, name):
    value, due = DUE[name]
    config = with_settings(config, **SOME, **{f"validation__{name}": value})
    assert [step for step in range(9) if is_validation_due(config, step, 8, steps_per_epoch=3)] == due
