import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambooth.adapters.errors import AdapterError
from dreambooth.tools.low_rank import RankRule, cut, matrix_svd, product_svd

VALUES = torch.tensor([8.0, 4.0, 2.0, 1.0, 1.0])
SIDES = st.integers(1, 12)


def rule(**asked) -> RankRule:
    return RankRule(**{"rank": 99, "conv_rank": 99, **asked})


@settings(max_examples=50, deadline=None)
@given(SIDES, SIDES, SIDES, st.integers(0, 99))
def test_both_ways_to_singular_values_agree_with_the_general_one(out, inputs, rank, seed):
    generator = torch.Generator().manual_seed(seed)
    up, down = torch.randn(out, rank, generator=generator), torch.randn(rank, inputs, generator=generator)
    expected = torch.linalg.svdvals(up.double() @ down.double())
    for found in (product_svd(up, down), matrix_svd(up.double() @ down.double(), 99)):
        assert torch.allclose(found.values[: len(expected)], expected[: len(found.values)], atol=1e-6)
        whole = cut(found, len(found.values))
        assert torch.allclose(whole[0] @ whole[1], up @ down, atol=1e-4)


def test_a_cut_is_the_best_approximation_of_its_rank():
    matrix = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    up, down = cut(matrix_svd(matrix, 7), 5)
    lost = torch.linalg.svdvals(matrix)[5:].norm()
    assert (matrix - up @ down).norm() == pytest.approx(lost.item(), rel=1e-5)


def test_of_a_tall_matrix_with_zeros_nothing_becomes_infinite():
    matrix = torch.zeros(30, 4)
    matrix[:, 0] = 1
    up, down = cut(matrix_svd(matrix, 4), 4)
    assert torch.allclose(up @ down, matrix, atol=1e-6)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"rank": 3}, 3),
        ({"rank": 1, "conv_rank": 4}, 1),
        ({}, 5),
        ({"method": "sv_ratio", "share": 4}, 3),
        ({"method": "sv_ratio", "share": 4, "rank": 2}, 2),
        ({"method": "sv_ratio", "share": 1}, 1),
        ({"method": "sv_cumulative", "share": 0.75}, 2),
        ({"method": "sv_cumulative", "share": 0.76}, 3),
        ({"method": "sv_cumulative", "share": 1}, 5),
        ({"method": "sv_fro", "share": (80 / 86) ** 0.5 - 1e-4}, 2),
        ({"method": "sv_fro", "share": (80 / 86) ** 0.5 + 1e-4}, 3),
    ],
)
def test_so_many_values_are_kept(asked, kept):
    assert rule(**asked).choose(VALUES, is_conv=False) == kept


def test_large_kernels_have_a_rank_of_their_own():
    assert rule(rank=1, conv_rank=4).choose(VALUES, is_conv=True) == 4


def test_of_nothing_at_all_one_value_is_kept():
    for asked in ({"method": "sv_cumulative"}, {"method": "sv_fro"}, {"rank": 1}):
        assert rule(**asked).choose(torch.zeros(4), is_conv=False) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"rank": 0},
        {"conv_rank": 0},
        {"share": 0.5},
        {"method": "sv_ratio", "share": 0.5},
        {"method": "sv_fro", "share": 1.5},
        {"method": "sv_cumulative", "share": 0},
        {"method": "sv_cumulative", "share": float("nan")},
    ],
)
def test_numbers_that_mean_nothing_are_refused(asked):
    with pytest.raises(AdapterError):
        rule(**asked)
