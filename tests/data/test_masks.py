import random

from dreambooth.data.buckets import Size
from dreambooth.data.masks import WHOLE_PROBABILITY, random_mask

SIZE = Size(96, 64)


def masks(count):
    return [random_mask(SIZE, random.Random(seed)) for seed in range(count)]


def test_mask_has_the_size_of_the_picture_and_only_holes_and_rest():
    for mask in masks(20):
        assert mask.shape == (1, 64, 96)
        assert set(mask.unique().tolist()) <= {0.0, 1.0}


def test_some_holes_are_the_whole_picture_and_none_is_nothing():
    shares = [float(mask.mean()) for mask in masks(200)]
    whole = sum(share == 1 for share in shares) / len(shares)
    assert abs(whole - WHOLE_PROBABILITY) < 0.1
    assert all(share > 0 for share in shares)


def test_holes_differ_in_size_and_place():
    partial = [mask for mask in masks(200) if mask.mean() < 1]
    shares = sorted(float(mask.mean()) for mask in partial)
    assert shares[0] < 0.15
    assert shares[-1] > 0.5
    assert ((sum(partial) > 0).float()).mean() > 0.99


def test_same_numbers_give_the_same_hole():
    assert random_mask(SIZE, random.Random(3)).equal(random_mask(SIZE, random.Random(3)))
