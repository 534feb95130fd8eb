"""In which precision weights are kept that do not learn."""

import pytest
import torch

from dreambooth.models.load import load_model
from dreambooth.training.device import Device
from dreambooth.training.samplers import Look, Wish, draw_pictures


@pytest.mark.parametrize(
    ("device", "autocast", "kept"),
    [
        ("cuda", torch.bfloat16, torch.bfloat16),
        ("cuda", torch.float16, torch.float16),
        ("cuda", None, torch.float32),
        ("cpu", torch.bfloat16, torch.float32),
    ],
)
def test_frozen_weights_are_as_precise_as_they_are_read(device, autocast, kept):
    assert Device(torch.device(device), autocast).frozen_dtype == kept


def test_model_kept_in_half_precision_draws_about_the_same(folder):
    device, look = Device(torch.device("cpu"), torch.bfloat16), Look(width=64, height=64, num_steps=4)
    pictures = [
        draw_pictures(load_model(folder.working, dtype), [Wish(prompt="a red robot")], look, device)[0]
        for dtype in (torch.float32, torch.bfloat16)
    ]
    exact, rounded = (torch.tensor(list(picture.getdata()), dtype=torch.float32) for picture in pictures)
    assert (exact - rounded).abs().mean() < 8
    assert exact.std() > 20
