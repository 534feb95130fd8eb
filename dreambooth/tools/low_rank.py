"""Matrices as products of thin ones: singular values, and how many of them are worth keeping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError

RankMethod = Literal["fixed", "sv_ratio", "sv_fro", "sv_cumulative"]


@dataclass(frozen=True)
class Singular:
    """Singular values of a matrix, the largest first, and as many of their vectors as may be wanted.

    All in double precision.
    """

    left: Tensor  # (out, k), columns of length 1
    values: Tensor  # (n,), n >= k
    right: Tensor  # (k, in), rows of length 1; undefined where the value is 0


@dataclass(frozen=True, kw_only=True)
class RankRule:
    """How many singular values are kept.

    ``fixed`` keeps ``rank``. The others keep what ``share`` asks for, and no more than ``rank``: ``sv_ratio``
    values of at least the largest one / share, ``sv_fro`` so many that they make up this share of the
    Frobenius norm, ``sv_cumulative`` this share of their sum.
    """

    rank: int
    conv_rank: int  # of kernels larger than one pixel
    method: RankMethod = "fixed"
    share: float = 1.0

    def __post_init__(self) -> None:
        if min(self.rank, self.conv_rank) < 1:
            raise AdapterError("a rank is 1 at least")
        if self.method == "fixed" and self.share != 1:
            raise AdapterError("a share has a meaning with sv_ratio, sv_fro and sv_cumulative only")
        if self.method == "sv_ratio" and not self.share >= 1:
            raise AdapterError(f"with sv_ratio the share is 1 at least, not {self.share}")
        if self.method in ("sv_fro", "sv_cumulative") and not 0 < self.share <= 1:
            raise AdapterError(f"with {self.method} the share lies between 0 and 1, not at {self.share}")

    def choose(self, values: Tensor, *, is_conv: bool) -> int:
        """How many of these values, the largest first, to keep; one at least."""
        limit = min(self.conv_rank if is_conv else self.rank, len(values))
        return max(1, min(limit, self._wanted(values)))

    def _wanted(self, values: Tensor) -> int:
        if self.method == "fixed":
            return len(values)
        if self.method == "sv_ratio":
            return int((values * self.share >= values[0]).sum())
        if self.method == "sv_fro":
            return _count_up_to(values.square(), self.share**2)
        return _count_up_to(values, self.share)


def _count_up_to(sizes: Tensor, share: float) -> int:
    """How many of the first sizes make up the share of all."""
    sums = sizes.cumsum(0)
    return int((sums < share * sums[-1]).sum()) + 1


def product_svd(up: Tensor, down: Tensor) -> Singular:
    """Of up · down, (out, r) and (r, in), without forming the product."""
    left, upper = torch.linalg.qr(up.double())
    right, lower = torch.linalg.qr(down.double().T)
    u, values, v = torch.linalg.svd(upper @ lower.T, full_matrices=False)
    return Singular(left @ u, values, v @ right.T)


def matrix_svd(matrix: Tensor, num_vectors: int) -> Singular:
    """Of any matrix, with the vectors of the largest values, through the eigenvectors of its Gram matrix.

    Exact to about 1e-8 of the largest value, which is less than fp32 resolves, and several times faster than
    the general method.
    """
    if matrix.shape[0] > matrix.shape[1]:
        turned = matrix_svd(matrix.T, num_vectors)
        return Singular(turned.right.T, turned.values, turned.left.T)
    wide = matrix.double()
    squares, vectors = torch.linalg.eigh(wide @ wide.T)
    values, left = squares.flip(0).clamp(min=0).sqrt(), vectors.flip(1)[:, :num_vectors]
    right = (left.T @ wide) / values[:num_vectors, None].clamp(min=1e-300)
    return Singular(left, values, right)


def cut(singular: Singular, rank: int) -> tuple[Tensor, Tensor]:
    """Factors (out, rank) and (rank, in), fp32, of the best approximation of that rank.

    Both get the root of each value, so that neither is much larger than the other.
    """
    root = singular.values[:rank].sqrt()
    return (singular.left[:, :rank] * root).float(), (root[:, None] * singular.right[:rank]).float()
