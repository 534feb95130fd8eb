"""The stable validation loss: it tells of the weights alone, and leaves the training as it is."""

from dataclasses import replace

import pytest
import torch

from dreambooth.training.validation import is_validation_due, measure, timesteps_of
from tests.conftest import draw_photos
from tests.training.conftest import learnt_hash, train_steps, with_settings

LORA = {
    "adapter": "lora",
    "lora__rank": 2,
    "lora__dropout": 0.3,
    "lora__unet_lr": 1e-3,
    "parts__text_encoder_fraction": 0.5,
    "captions__shuffle_tags": True,
    "duration__max_steps": 2,
}
BY_STEPS = {"validation__every_epochs": 0, "validation__every_steps": 4}


@pytest.fixture
def with_folder(config, tmp_path):
    """Settings of a training that also measures pictures of a folder, and some of its own."""
    asked = {
        "data_dir": draw_photos(tmp_path / "others", 2),
        "stabilise": True,
        "every_steps": 1,
        "max_images": 2,
        "noise_levels": 1,
    }
    return with_settings(config, **LORA, **{f"validation__{name}": value for name, value in asked.items()})


def test_a_run_with_validation_is_bit_equal_to_one_without(make_run, config, with_folder):
    plain, told = make_run(with_settings(config, **LORA), "plain")
    assert plain.train() == "done"
    run, also_told = make_run(with_folder, "measured")
    found = []
    run.outlets = replace(run.outlets, validate=lambda _: found.append(measure(run.learner, run.dataset)))
    assert run.train() == "done"
    assert also_told.losses == told.losses
    assert learnt_hash(run.learner) == learnt_hash(plain.learner)
    assert len({each.loss for each in found}) == len(found) == 3


def test_the_same_weights_give_the_same_loss_and_nothing_is_moved(make_learner, with_folder):
    learner, dataset = make_learner(with_folder)
    random_state, modes = torch.get_rng_state(), [m.training for m in learner.model.parts["unet"].modules()]
    first = measure(learner, dataset)
    assert measure(learner, dataset) == first
    assert torch.equal(torch.get_rng_state(), random_state)
    assert [m.training for m in learner.model.parts["unet"].modules()] == modes
    assert learner.frozen_states == {}
    assert all(parameter.grad is None for parameter in learner.learning)


def test_only_weights_and_the_validation_seed_change_the_loss(make_learner, with_folder):
    def loss(num_steps=0, **settings):
        learner, dataset = make_learner(with_settings(with_folder, **settings))
        train_steps(learner, dataset, num_steps)
        return measure(learner, dataset).loss

    first = loss()
    assert first == loss(
        seed=3, loss__min_snr_gamma=5, noise__offset_noise=0.1, captions__dropout_probability=0.9
    )
    assert len({first, loss(num_steps=1), loss(validation__seed=1)}) == 3


def test_the_loss_is_the_mean_over_all_that_is_not_trained(make_learner, with_folder):
    config = with_settings(with_folder, validation__fraction=0.4)
    learner, dataset = make_learner(config)
    assert (len(dataset.instances), len(dataset.held_out), len(dataset.validation)) == (2, 1, 2)
    found = measure(learner, dataset)
    assert set(found.sets) == {"held_out", "folder"}
    assert found.loss == pytest.approx((found.sets["held_out"] + 2 * found.sets["folder"]) / 3)
    assert found.train_loss not in (None, found.loss)


def test_untrained_pictures_alone_decide_unless_others_are_asked_for(make_learner, with_folder):
    learner, dataset = make_learner(with_settings(with_folder, validation__stabilise=False))
    assert measure(learner, dataset).train_loss is None
    learner, dataset = make_learner(with_settings(with_folder, validation__data_dir=""))
    found = measure(learner, dataset)
    assert (found.loss, found.sets) == (None, {})
    assert found.train_loss > 0


def test_a_resumed_run_measures_the_same(make_run, with_folder):
    def validate(run, found):
        found[run.step] = measure(run.learner, run.dataset)

    whole, _ = make_run(with_folder, "whole")
    expected, found = {}, {}
    whole.outlets = replace(whole.outlets, validate=lambda _: validate(whole, expected))
    whole.train()
    for stop in (1, None):
        run, _ = make_run(with_folder, "parts", {stop: "stop"})
        run.outlets = replace(run.outlets, validate=lambda _, run=run: validate(run, found))
        run.train()
    assert found == expected
    assert list(found) == [0, 1, 2]


@pytest.mark.parametrize(
    ("settings", "due"),
    [
        ({}, []),
        ({"validation__fraction": 0.1}, [0, 3, 6, 9, 10]),
        ({"validation__data_dir": "x", "validation__every_epochs": 2}, [0, 6, 10]),
        ({"validation__stabilise": True, "validation__every_epochs": 0}, [0, 10]),
        ({"validation__fraction": 0.1, **BY_STEPS}, [0, 4, 8, 10]),
    ],
)
def test_it_is_measured_when_it_is_due(config, settings, due):
    config = with_settings(config, **settings)
    assert [step for step in range(11) if is_validation_due(config, step, 10, steps_per_epoch=3)] == due


@pytest.mark.parametrize(("num_levels", "levels"), [(1, [500]), (2, [250, 750]), (4, [125, 375, 625, 875])])
def test_levels_lie_evenly_between_little_and_much_noise(num_levels, levels):
    assert timesteps_of(num_levels, 1000) == levels
