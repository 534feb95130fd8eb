"""How pictures look from one showing to the next."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dreambooth.config.augment import AugmentConfig
from dreambooth.data.buckets import Size
from dreambooth.data.crops import CENTRED, Placement, cover_and_crop
from dreambooth.data.looks import PLAIN, TRUE_COLOURS, Colours, Look, draw_look, kept_looks, triangular
from dreambooth.data.pixels import picture_to_tensor
from dreambooth.data.rendering import recolour, render, seen_part, seen_share

WHOLE, SIZE = Size(1000, 600), Size(512, 512)
ALL = AugmentConfig(crop="random", rotation_degrees=10, colour_probability=0.5)


def looks(augment, count=200) -> list[Look]:
    places = (f"0 item {number} 0" for number in range(count))
    return [draw_look(augment, WHOLE, SIZE, where=where, picture="a", seed=0) for where in places]


def test_by_default_every_showing_is_the_plain_one():
    assert set(looks(AugmentConfig())) == {PLAIN}


def test_one_variation_does_not_move_another():
    both = looks(ALL)
    assert [look.placement for look in both] == [
        look.placement for look in looks(AugmentConfig(crop="random"))
    ]
    turned = looks(AugmentConfig(rotation_degrees=10))
    assert [look.rotation_degrees for look in both] == [look.rotation_degrees for look in turned]
    coloured = looks(replace(ALL, crop="center", rotation_degrees=0))
    assert [look.colours for look in both] == [look.colours for look in coloured]


def test_random_crops_reach_everything_and_jitter_stays_about_the_middle():
    for kind, nearest in (("random", 0.02), ("jitter", 0.1)):
        shares = [look.placement.across for look in looks(AugmentConfig(crop=kind), 500)]
        assert 0 <= min(shares) < nearest
        assert 1 - nearest < max(shares) <= 1
        in_the_middle = sum(0.25 < share < 0.75 for share in shares) / len(shares)
        assert in_the_middle == pytest.approx({"random": 0.5, "jitter": 0.75}[kind], abs=0.06)


@pytest.mark.parametrize(("uniform", "share"), [(0, 0), (0.125, 0.25), (0.5, 0.5), (0.875, 0.75), (1, 1)])
def test_triangular_numbers(uniform, share):
    assert triangular(uniform) == pytest.approx(share)


def test_picture_no_larger_than_its_size_is_not_trimmed():
    jitter = AugmentConfig(crop="jitter")
    look = draw_look(jitter, Size(900, 512), SIZE, where="0 item 0 0", picture="a", seed=0)
    assert look.placement.trims == (0, 0, 0, 0)


def test_colours_vary_as_often_and_as_far_as_asked():
    varied = [look.colours for look in looks(ALL, 500) if look.colours != TRUE_COLOURS]
    assert len(varied) / 500 == pytest.approx(0.5, abs=0.06)
    assert all(0.9 <= colours.brightness <= 1.1 and abs(colours.hue) <= 0.02 for colours in varied)


def test_variants_are_few_come_all_and_differ_from_picture_to_picture():
    augment = replace(ALL, variants=4)
    counts = Counter(looks(augment))
    kept = kept_looks(augment, WHOLE, SIZE, picture="a", seed=0)
    assert set(counts) == set(kept)
    assert len(counts) == 4
    assert not set(kept) & set(kept_looks(augment, WHOLE, SIZE, picture="b", seed=0))


@pytest.mark.parametrize(
    ("augment", "num_kept"),
    [
        (AugmentConfig(), 1),
        (AugmentConfig(colour_probability=0.3), 1),
        (AugmentConfig(colour_probability=1), 0),
        (AugmentConfig(crop="jitter"), 0),
        (AugmentConfig(rotation_degrees=1), 0),
    ],
)
def test_only_what_comes_again_is_kept(augment, num_kept):
    assert len(kept_looks(augment, WHOLE, SIZE, picture="a", seed=0)) == num_kept
    assert all(look.is_kept == (look == PLAIN) for look in looks(augment))


def test_trims_and_shares_place_the_part():
    crop = cover_and_crop(1000, 600, SIZE, Placement(across=0.25, trims=(0.1, 0, 0, 0.05)))
    assert (crop.left, crop.top, crop.right, crop.bottom) == pytest.approx((152.5, 0, 722.5, 570))


def test_turned_part_fits_into_the_part_that_it_was_cut_from():
    assert seen_share(SIZE, 0) == 1
    assert seen_share(Size(512, 512), 45) == pytest.approx(1 / 2**0.5)
    seen, upright = seen_part(WHOLE, SIZE, Look(CENTRED, 45)), seen_part(WHOLE, SIZE, PLAIN)
    assert (seen.width, seen.height) == pytest.approx((600 / 2**0.5, 600 / 2**0.5))
    assert seen.left - upright.left == pytest.approx(upright.right - seen.right)


def test_pictures_turn_counterclockwise():
    picture = Image.new("RGB", (300, 300), "black")
    picture.paste((255, 255, 255), (0, 145, 300, 155))  # a level line
    turned = np.asarray(render(picture, Size(64, 64), Look(CENTRED, 20)))[..., 0]
    assert turned[:, 4].argmax() > turned[:, 31].argmax() > turned[:, 59].argmax()


@pytest.mark.parametrize(
    ("colours", "pixel"),
    [
        (TRUE_COLOURS, (200, 100, 100)),
        (Colours(brightness=0.5), (100, 50, 50)),
        (Colours(saturation=0), (130, 130, 130)),
        (Colours(hue=1 / 3), (100, 200, 100)),
    ],
)
def test_colours_are_changed_as_said(colours, pixel):
    changed = recolour(Image.new("RGB", (4, 4), (200, 100, 100)), colours).getpixel((1, 1))
    assert changed == pytest.approx(pixel, abs=3)


def test_contrast_spreads_around_the_mean():
    picture = Image.new("RGB", (4, 4), (100, 100, 100))
    picture.paste((200, 200, 200), (0, 0, 4, 2))
    changed = recolour(picture, Colours(contrast=0.5))
    assert (changed.getpixel((0, 0)), changed.getpixel((0, 3))) == ((175, 175, 175), (125, 125, 125))


def test_normalised_picture_has_mean_0_and_deviation_1_in_each_channel():
    picture = Image.new("RGB", (64, 64), (200, 40, 90))
    picture.paste((220, 80, 90), (0, 0, 64, 16))
    pixels = picture_to_tensor(picture, Size(64, 64), Look(is_normalised=True))
    assert pixels.mean((1, 2)).abs().max() < 1e-4
    assert pixels.std((1, 2), correction=0).tolist() == pytest.approx([1, 1, 0], abs=1e-4)
