"""Pictures that look alike."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from dreambooth.data.duplicates import (
    BANDS,
    MOST_DIFFERENT_BITS,
    Fingerprint,
    fingerprint,
    group_alike,
    look_alike,
    read_fingerprint,
)


def draw_scene(seed: int) -> Image.Image:
    """A soft picture of its own."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((300, 200), Image.Resampling.BICUBIC)


def as_jpeg(picture, tmp_path):
    picture.save(tmp_path / "a.jpg", quality=60)
    return Image.open(tmp_path / "a.jpg").convert("RGB")


CHANGES = {
    "smaller": lambda picture, _: picture.resize((75, 50)),
    "jpeg": as_jpeg,
    "brighter": lambda picture, _: ImageEnhance.Brightness(picture).enhance(1.05),
    "blurred": lambda picture, _: picture.filter(ImageFilter.GaussianBlur(2)),
    "other shape": lambda picture, _: picture.resize((200, 200)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copy_looks_alike(tmp_path, change):
    alike = [
        look_alike(fingerprint(draw_scene(seed)), fingerprint(CHANGES[change](draw_scene(seed), tmp_path)))
        for seed in range(20)
    ]
    assert sum(alike) >= 19


def test_other_pictures_do_not_look_alike():
    prints = [fingerprint(draw_scene(seed)) for seed in range(60)]
    assert not any(look_alike(one, other) for one in prints for other in prints if one is not other)


def test_plain_pictures_of_other_colours_do_not_look_alike():
    red, blue = (fingerprint(Image.new("RGB", (32, 32), colour)) for colour in ("red", "blue"))
    assert red.bits == blue.bits
    assert not look_alike(red, blue)


def test_bits_say_where_it_gets_brighter_to_the_right():
    ramp = Image.linear_gradient("L").rotate(90).convert("RGB")
    assert fingerprint(ramp).bits == 2**64 - 1
    assert fingerprint(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).bits == 0


def group_by_all_pairs(prints: dict[Path, Fingerprint]) -> set[frozenset[Path]]:
    groups = [{path} for path in prints]
    for one in prints:
        for other in prints:
            if look_alike(prints[one], prints[other]):
                joined = [group for group in groups if one in group or other in group]
                groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return {frozenset(group) for group in groups if len(group) > 1}


@given(st.integers(0, 10_000))
def test_groups_are_those_that_comparing_all_pairs_finds(seed):
    rng = random.Random(seed)
    originals = [rng.getrandbits(64) for _ in range(4)]
    prints = {}
    for number in range(16):
        flipped = sum(1 << bit for bit in rng.sample(range(64), rng.randint(0, MOST_DIFFERENT_BITS + 2)))
        prints[Path(f"{number}.png")] = Fingerprint(
            rng.choice(originals) ^ flipped, (0, 0, rng.choice((0, 90)))
        )
    assert {frozenset(group) for group in group_alike(prints)} == group_by_all_pairs(prints)


def test_bands_cover_all_bits_and_are_more_than_bits_may_differ():
    assert sorted(bit for band in BANDS for bit in band) == list(range(64))
    assert len(BANDS) > MOST_DIFFERENT_BITS


def test_fingerprint_of_a_file_is_that_of_its_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    draw_scene(1).save(tmp_path / "a.png")
    draw_scene(1).rotate(180).save(tmp_path / "b.png", exif=exif)
    assert read_fingerprint(tmp_path / "a.png") == read_fingerprint(tmp_path / "b.png")
