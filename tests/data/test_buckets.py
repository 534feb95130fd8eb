"""Training sizes, and which one is a picture's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.config.data import DataConfig
from dreambooth.data.buckets import Size, bucket_sizes, nearest_bucket, training_sizes
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
    assert training_sizes(DataConfig(resolution=64, use_buckets=False)) == (Size(64, 64),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"resolution": 500, "use_buckets": False},
        {"bucket_step_px": 20},
        {"resolution": 32, "bucket_step_px": 64},
    ],
)
def test_sides_that_are_not_whole_latents_are_refused(wrong):
    with pytest.raises(DataError, match=r"data\.(resolution|bucket_step_px): "):
        training_sizes(replace(DataConfig(), **wrong))
