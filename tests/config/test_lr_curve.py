"""Learning rates begin and end where they say."""

from typing import get_args

import pytest

from dreambooth.config.lr_curve import lr_factor, parse_pieces, sampled_steps, text_lr_factor
from dreambooth.config.schedule import ScheduleConfig, ScheduleName

NAMES = [name for name in get_args(ScheduleName) if name not in ("one_cycle", "piecewise")]
FALLING = [name for name in NAMES if name != "constant"]


def factors(num_steps: int, **settings) -> list[float]:
    return [lr_factor(ScheduleConfig(**settings), step, num_steps) for step in range(num_steps)]


def text_factors(num_steps: int, num_text_steps: int, **settings) -> list[float]:
    config = ScheduleConfig(**settings)
    return [text_lr_factor(config, step, num_steps, num_text_steps) for step in range(num_text_steps)]


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
        ({"name": "rex"}, 2 / 3),
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


def test_warm_up_may_be_a_share_of_all_steps():
    assert factors(20, warmup_fraction=0.2) == factors(20, warmup_steps=4)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_one_cycle_rises_to_its_peak_and_falls_to_the_last_step(share):
    told = factors(101, name="one_cycle", peak_fraction=0.3, min_lr_fraction=share)
    assert (told[0], told[30], told[-1]) == pytest.approx((1 / 25, 1, share))
    assert told[:31] == sorted(told[:31])
    assert told[30:] == sorted(told[30:], reverse=True)


@pytest.mark.parametrize(("peak", "first", "last"), [(0.0, 1.0, 0.0), (1.0, 1 / 25, 1.0)])
def test_peak_of_one_cycle_may_be_at_either_end(peak, first, last):
    told = factors(11, name="one_cycle", peak_fraction=peak)
    assert (told[0], told[-1]) == pytest.approx((first, last))


def test_pieces_change_where_they_say():
    told = factors(10, name="piecewise", pieces="3:1, 7:0.5, 0.1")
    assert told == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1]


def test_warm_up_rises_to_the_piece_that_it_ends_in():
    told = factors(6, name="piecewise", pieces="2:1, 0.5", warmup_steps=4)
    assert told == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "write STEP:SHARE"),
        ("100:1", "the last one has no step"),
        ("100:1, x", "'x' is not of the form"),
        ("100.5:1, 1", "is not of the form"),
        ("300:1, 100:0.5, 1", "must rise"),
        ("100:1, 100:0.5, 1", "must rise"),
        ("0:1, 0.5", "0 is not the number of a step"),
        ("100:-1, 0.5", "from 0 to 100"),
        ("100:1, nan", "from 0 to 100"),
    ],
)
def test_pieces_that_make_no_sense_are_refused_in_words(text, advice):
    with pytest.raises(ValueError, match=advice):
        parse_pieces(text)


def test_text_encoders_follow_the_same_schedule_unless_told_otherwise():
    assert (
        text_factors(10, 4, name="linear", warmup_steps=2) == factors(10, name="linear", warmup_steps=2)[:4]
    )


def test_schedule_of_the_text_encoders_ends_where_they_stop():
    told = text_factors(100, 11, name="constant", text_encoder_name="linear")
    assert told == factors(11, name="linear")


@pytest.mark.parametrize("warmup", [{"warmup_steps": 4}, {"warmup_fraction": 0.2}])
def test_warm_up_of_the_text_encoders_is_that_of_the_unet_or_their_own(warmup):
    settings = {"name": "linear", "text_encoder_name": "constant", **warmup}
    assert text_factors(20, 10, **settings) == factors(10, name="constant", warmup_steps=4)
    own = text_factors(20, 10, text_encoder_warmup_steps=1, **settings)
    assert own == factors(10, name="constant", warmup_steps=1)


def test_own_warm_up_leaves_the_schedule_the_same():
    told = text_factors(20, 20, name="linear", text_encoder_warmup_steps=0, warmup_steps=4)
    assert told == factors(20, name="linear")


@pytest.mark.parametrize("num_steps", [1, 2, 200, 1000])
def test_picture_of_a_curve_has_the_first_step_and_the_last(num_steps):
    told = sampled_steps(num_steps)
    assert (told[0], told[-1], len(told)) == (0, num_steps - 1, min(num_steps, 200))
    assert list(told) == sorted(set(told))
