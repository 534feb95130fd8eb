"""Shares of a step, computed by one process after the other, add up to the whole of it."""

import pytest
import torch

from dreambooth.data.batches import find_step, share_of
from dreambooth.training.learner import Learner
from dreambooth.training.processes import ALONE
from dreambooth.training.rows import build_rows
from dreambooth.training.step import _backward
from tests.conftest import draw_photos
from tests.training.conftest import with_settings

EVERYTHING = {
    "data__batch_size": 4,
    "parts__text_encoder_fraction": 1,
    "augment__flip_probability": 0.5,
    "captions__dropout_probability": 0.3,
    "loss__min_snr_gamma": 5,
    "noise__offset_noise": 0.1,
}


def gradients(learner: Learner) -> torch.Tensor:
    """All of them, one behind the other; then there are none."""
    found = torch.cat([parameter.grad.flatten() for parameter in learner.learning])
    learner.optimizer.zero_grad(set_to_none=True)
    return found


@pytest.mark.parametrize(("count", "kind"), [(2, "prior_prediction"), (3, "class_images")])
def test_shares_add_up_to_the_whole(make_learner, config, with_classes, tmp_path, count, kind):
    draw_photos(tmp_path / "photos", 5)
    asked = with_classes if kind == "class_images" else config
    learner, dataset = make_learner(with_settings(asked, **EVERYTHING, preservation__kind=kind))
    step = find_step(dataset, learner.config, 0)
    num_rows = sum(len(build_rows(learner.config, batch, done=0)) for batch in step)
    loss, told = _backward(learner, step, num_rows, 0)
    whole = gradients(learner)
    shares = [_backward(learner, share_of(step, number, count), num_rows, 0) for number in range(count)]
    assert sum(share for share, _ in shares) == pytest.approx(loss, rel=1e-5)
    assert sorted(each for _, share in shares for each in share) == [
        (concept, is_prior, pytest.approx(error, rel=1e-4, abs=1e-9))
        for concept, is_prior, error in sorted(told)
    ]
    assert torch.allclose(gradients(learner), whole, rtol=1e-3, atol=1e-6)


def test_every_example_is_computed_once(make_learner, with_classes):
    learner, dataset = make_learner(with_settings(with_classes, data__batch_size=3))
    step = find_step(dataset, learner.config, 0)
    shares = [share_of(step, number, 4) for number in range(4)]
    for number, batch in enumerate(step):
        held = [share[number] for share in shares]
        assert sorted(map(repr, batch.items)) == sorted(repr(item) for each in held for item in each.items)
        assert {each.num_whole for each in held} == {len(batch.items)}


def test_process_alone_changes_nothing(make_learner, config):
    learner, dataset = make_learner(config)
    step = find_step(dataset, config, 0)
    assert ALONE.share_of(step) is step
    assert ALONE.gather(1) == [1]
    assert ALONE.hear_first("stop") == "stop"
    ALONE.add_gradients(learner.learning)
    assert all(parameter.grad is None for parameter in learner.learning)
