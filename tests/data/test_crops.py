"""How pictures are cut to the size that they are trained at."""

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dreambooth.config.augment import AugmentConfig
from dreambooth.data.buckets import Size, bucket_sizes
from dreambooth.data.crops import cover_and_crop
from dreambooth.data.looks import draw_look
from dreambooth.data.pixels import picture_to_tensor

SIDES = st.integers(8, 12_000)
SIZES = st.sampled_from(bucket_sizes(512, 64) + bucket_sizes(64, 8))


def drawn(augment, width, height, size, where="0 item 0 0"):
    return draw_look(augment, Size(width, height), size, where=where, picture="picture", seed=0)


@given(SIDES, SIDES, SIZES)
def test_centred_crop_lies_inside_touches_two_edges_and_has_the_shape(width, height, size):
    crop = cover_and_crop(width, height, size)
    assert 0 <= crop.left < crop.right <= width
    assert 0 <= crop.top < crop.bottom <= height
    assert crop.width == width or crop.height == height
    assert math.isclose(crop.width / crop.height, size.width_px / size.height_px, rel_tol=1e-9)


@given(SIDES, SIDES, SIZES, st.sampled_from(["random", "jitter"]), st.integers(0, 99))
def test_crop_elsewhere_lies_inside_and_has_the_shape_too(width, height, size, kind, number):
    look = drawn(AugmentConfig(crop=kind), width, height, size, f"0 item {number} 0")
    crop = cover_and_crop(width, height, size, look.placement)
    assert 0 <= crop.left < crop.right <= width
    assert 0 <= crop.top < crop.bottom <= height
    assert math.isclose(crop.width / crop.height, size.width_px / size.height_px, rel_tol=1e-6)


@given(SIDES, SIDES, SIZES, st.integers(0, 99))
def test_jitter_takes_two_percent_of_an_edge_and_never_makes_a_picture_larger(width, height, size, number):
    look = drawn(AugmentConfig(crop="jitter"), width, height, size, f"0 item {number} 0")
    assert all(0 <= trim <= 0.02 for trim in look.placement.trims)
    if width >= size.width_px and height >= size.height_px:
        crop = cover_and_crop(width, height, size, look.placement)
        assert crop.width >= size.width_px * (1 - 1e-9)


def test_thousands_of_sizes_leave_no_dark_line():
    sizes = bucket_sizes(64, 8)
    rng = np.random.default_rng(0)
    kinds = [
        AugmentConfig(),
        AugmentConfig(crop="random"),
        AugmentConfig(crop="jitter"),
        AugmentConfig(crop="random", rotation_degrees=45),
    ]
    for number, (width, height) in enumerate(rng.integers(8, 300, (4000, 2)).tolist()):
        size = sizes[(width * height) % len(sizes)]
        look = drawn(kinds[number % len(kinds)], width, height, size, f"0 item {number} 0")
        pixels = picture_to_tensor(Image.new("RGB", (width, height), "white"), size, look)
        assert pixels.shape == (3, size.height_px, size.width_px)
        assert pixels.min() == 1


def test_crop_is_centred_unless_asked_otherwise():
    picture = Image.new("RGB", (300, 100), "black")
    picture.paste((255, 255, 255), (100, 0, 200, 100))
    assert picture_to_tensor(picture, Size(64, 64)).mean() > 0.95


def test_black_is_minus_one_and_white_is_one():
    picture = Image.new("RGB", (64, 64), "white")
    picture.paste((0, 0, 0), (0, 0, 64, 32))
    pixels = picture_to_tensor(picture, Size(64, 64))
    assert pixels.dtype == torch.float32
    assert pixels[:, 0].unique().tolist() == [-1]
    assert pixels[:, -1].unique().tolist() == [1]
