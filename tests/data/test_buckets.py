"""Training sizes, and which one is a picture's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.data import DataConfig
from dreambooth.data.buckets import Size, bucket_sizes, choose_size, nearest_bucket, training_sizes
from dreambooth.data.crops import cover_and_crop
from dreambooth.data.errors import DataError

SIDES = st.integers(8, 12_000)


@pytest.mark.parametrize(
    ("resolution", "step_px"), [(64, 8), (512, 64), (512, 8), (1024, 64), (500, 64), (72, 64)]
)
def test_sizes_keep_the_area_the_sides_and_the_step(resolution, step_px):
    sizes = bucket_sizes(resolution, step_px)
    square = resolution // step_px * step_px
    assert Size(square, square) in sizes
    for size in sizes:
        assert size.width_px % step_px == size.height_px % step_px == 0
        assert resolution**2 - (size.width_px + size.height_px) * step_px < size.area <= resolution**2
        assert min(size.width_px, size.height_px) * 4 >= max(size.width_px, size.height_px)
        assert Size(size.height_px, size.width_px) in sizes


def test_sizes_of_512_are_those_that_people_know():
    landscape = [str(size) for size in bucket_sizes(512, 64) if size.width_px >= size.height_px]
    expected = "512×512 576×448 640×384 704×320 768×320 832×256 896×256 960×256 1024×256"
    assert landscape == expected.split()


def test_resolution_64_has_shapes_too():
    assert len(bucket_sizes(64, 8)) > 8


@given(SIDES, SIDES)
def test_turned_picture_gets_the_turned_size(width, height):
    sizes = bucket_sizes(512, 64)
    size = nearest_bucket(width, height, sizes)
    turned = nearest_bucket(height, width, sizes)
    if width != height:
        assert turned == Size(size.height_px, size.width_px)


@pytest.mark.parametrize(
    ("shape", "size"), [((900, 900), "512×512"), ((4000, 3000), "576×448"), ((9, 99), "256×1024")]
)
def test_nearest_shape_is_chosen(shape, size):
    assert str(nearest_bucket(*shape, bucket_sizes(512, 64))) == size


def test_without_buckets_everything_is_square():
    assert training_sizes(DataConfig(use_buckets=False), 64) == (Size(64, 64),)


@pytest.mark.parametrize(
    ("resolution", "wrong", "words"),
    [
        (500, {"use_buckets": False}, "data.resolution: 500 is not a multiple of 8"),
        (512, {"bucket_step_px": 20}, "data.bucket_step_px: 20 is not a multiple of 8"),
        (32, {"bucket_step_px": 64}, "data.bucket_step_px: 64 is more than the resolution"),
        (512, {"bucket_min_px": 576}, "data.bucket_min_px: no size of the area"),
    ],
)
def test_sides_that_are_not_whole_latents_are_refused(resolution, wrong, words):
    with pytest.raises(DataError, match=words):
        training_sizes(replace(DataConfig(), **wrong), resolution)


def sides(resolution, **limits) -> list[int]:
    sizes = training_sizes(DataConfig(**limits), resolution)
    return sorted({side for size in sizes for side in (size.width_px, size.height_px)})


def test_limits_are_those_of_every_side():
    assert (sides(512)[0], sides(512)[-1]) == (256, 1024)
    wider = sides(512, bucket_min_px=128, bucket_max_px=2048)
    assert (wider[0], wider[-1]) == (128, 2048)
    assert (sides(512, bucket_max_px=640)[0], sides(512, bucket_max_px=640)[-1]) == (256, 640)


NEVER_LARGER = DataConfig(bucket_no_upscale=True)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((300, 300), "256×256"),
        ((600, 300), "576×256"),
        ((1000, 200), "960×192"),
        ((3000, 200), "1024×192"),
        ((800, 600), "576×448"),
        ((63, 900), "None"),
    ],
)
def test_small_picture_is_trained_at_its_own_size_rounded_down(picture, size):
    sizes = training_sizes(NEVER_LARGER, 512)
    assert str(choose_size(*picture, sizes, NEVER_LARGER)) == size


@given(st.integers(64, 12_000), st.integers(64, 12_000))
def test_nothing_is_enlarged_where_it_must_not_be(width, height):
    sizes = training_sizes(NEVER_LARGER, 512)
    size = choose_size(width, height, sizes, NEVER_LARGER)
    crop = cover_and_crop(width, height, size)
    assert crop.width >= size.width_px - 1e-6
    assert size.area <= 512**2
    assert size.width_px % 64 == size.height_px % 64 == 0
