import pytest
import torch
from torch import nn

from dreambooth.adapters.dropouts import add_module_dropout, add_rank_dropout


@pytest.fixture(autouse=True)
def _same_numbers():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("down", "inputs"),
    [
        (nn.Linear(3, 8, bias=False), torch.ones(40, 5, 3)),
        (nn.Linear(3, 8, bias=False), torch.ones(40, 3)),
        (nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.ones(40, 3, 4, 4)),
    ],
)
def test_whole_ranks_of_an_example_are_left_out_and_the_others_enlarged(down, inputs):
    expected = down(inputs)
    add_rank_dropout(down, 0.25)
    shares = down(inputs) / expected
    by_rank = (shares.movedim(1, -1) if inputs.ndim == 4 else shares).reshape(40, -1, 8)
    kept = by_rank > 0.5
    assert torch.equal(kept, kept[:, :1].expand_as(kept))
    torch.testing.assert_close(by_rank, kept * 4 / 3)
    assert kept.float().mean().item() == pytest.approx(0.75, abs=0.1)


def test_a_layer_is_left_out_now_and_then():
    up = nn.Linear(2, 2)
    add_module_dropout(up, 0.25)
    kept = [bool(up(torch.ones(1, 2)).any()) for _ in range(400)]
    assert sum(kept) / 400 == pytest.approx(0.75, abs=0.05)


def test_nothing_is_left_out_when_it_is_not_trained():
    down, up = nn.Linear(3, 8).eval(), nn.Linear(8, 3).eval()
    inputs = torch.ones(2, 3)
    expected = up(down(inputs))
    add_rank_dropout(down, 0.9)
    add_module_dropout(up, 0.9)
    assert torch.equal(up(down(inputs)), expected)


def test_the_same_seed_leaves_out_the_same():
    down = nn.Linear(3, 8)
    add_rank_dropout(down, 0.5)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(down(torch.ones(4, 3)))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
