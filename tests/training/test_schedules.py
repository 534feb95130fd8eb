"""Learning rates begin and end where they say."""

from typing import get_args

import pytest

from dreambooth.config.schedule import SCHEDULES, ScheduleConfig
from dreambooth.training.schedules import lr_factor

NAMES = get_args(SCHEDULES)
FALLING = [name for name in NAMES if name != "constant"]


def factors(num_steps: int, **settings) -> list[float]:
    return [lr_factor(ScheduleConfig(**settings), step, num_steps) for step in range(num_steps)]


@pytest.mark.parametrize("name", FALLING)
@pytest.mark.parametrize("num_steps", [2, 7, 100])
def test_schedule_begins_at_one_and_ends_at_its_share_on_the_last_step(name, num_steps):
    for share in (0.0, 0.25):
        told = factors(num_steps, name=name, min_lr_fraction=share)
        assert told[0] == pytest.approx(1)
        assert told[-1] == pytest.approx(share)
        assert min(told) >= share - 1e-12


def test_constant_never_falls():
    assert factors(5, name="constant", min_lr_fraction=0.5) == [1.0] * 5


@pytest.mark.parametrize("name", NAMES)
def test_warm_up_rises_linearly_to_one(name):
    told = factors(20, name=name, warmup_steps=4)
    assert told[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert told[-1] == pytest.approx(1.0 if name == "constant" else 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_warm_up_longer_than_the_run_only_rises(name):
    assert factors(3, name=name, warmup_steps=9) == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize("name", NAMES)
def test_run_of_one_step_has_a_rate(name):
    assert 0 <= factors(1, name=name)[0] <= 1


@pytest.mark.parametrize(
    ("settings", "middle"),
    [
        ({"name": "linear"}, 0.5),
        ({"name": "cosine"}, 0.5),
        ({"name": "polynomial"}, 0.5),
        ({"name": "polynomial", "power": 3}, 0.125),
        ({"name": "linear", "min_lr_fraction": 0.2}, 0.6),
        ({"name": "cosine_with_restarts", "num_cycles": 1}, 0.5),
        ({"name": "cosine_with_restarts", "num_cycles": 2}, 1.0),
    ],
)
def test_shape_at_half_way(settings, middle):
    assert factors(101, **settings)[50] == pytest.approx(middle)


def test_cosine_falls_slowly_at_both_ends():
    told = factors(101, name="cosine")
    assert told[25] == pytest.approx(0.8536, abs=1e-4)
    assert told[75] == pytest.approx(0.1464, abs=1e-4)


def test_restarts_come_as_often_as_asked():
    told = factors(300, name="cosine_with_restarts", num_cycles=3)
    rises = [step for step in range(1, 300) if told[step] > told[step - 1]]
    assert len(rises) == 2
