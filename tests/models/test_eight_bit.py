"""Weights of 8 bits are looked at as carefully as others."""

import pytest
import torch

from dreambooth.models.errors import CheckpointError
from dreambooth.models.export import cast_float
from dreambooth.models.streaming import Planned, write_safetensors

SMALL = torch.float8_e5m2


def test_cast_that_overflows_is_refused():
    assert torch.equal(cast_float("x", torch.ones(3), SMALL), torch.ones(3).to(SMALL))
    with pytest.raises(CheckpointError, match="x has values too large"):
        cast_float("x", torch.tensor([1.0, 1e6]), SMALL)


def test_what_is_no_number_is_refused(tmp_path):
    planned = {"x": Planned.of(torch.tensor([1.0, torch.nan]).to(SMALL))}
    with pytest.raises(CheckpointError, match="x holds NaN"):
        write_safetensors(tmp_path / "x.safetensors", planned, {})
    assert not [*tmp_path.iterdir()]
