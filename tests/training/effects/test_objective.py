"""No control without effect: what is minimised, in which noise, and what preserves what the model knew."""

from dataclasses import replace

import pytest

from dreambooth.data.batches import find_step
from dreambooth.models.stable_diffusion import StableDiffusion
from dreambooth.training.device import choose_device
from dreambooth.training.learner import Learner, build_latents, build_learner
from dreambooth.training.noising import draw_noised
from tests.training.conftest import examples_of, train_steps, with_settings

BATCH = {"data.batch_size": 3}
HUBER = {"loss.kind": "huber"}
LOGIT = {"noise.timestep_sampling": "logit_normal"}
FALLING = {"preservation.final_weight": 0.25, "duration.max_steps": 4}

# Settings that change the second step's loss: name → (another value, what else must be set for it to matter).
LOSSES = {
    "loss.kind": ("l1", {}),
    "loss.huber_c": (0.5, HUBER),
    "loss.huber_schedule": ("constant", HUBER),
    "loss.min_snr_gamma": (1, {}),
    "loss.debiased": (True, {}),
    "loss.dream": (True, {}),
    "loss.dream_detail_preservation": (3, {"loss.dream": True}),
    "loss.greatest_error": (0.1, {}),
    "noise.offset_noise": (0.1, {}),
    "noise.offset_random": (True, {"noise.offset_noise": 0.1}),
    "noise.pyramid_discount": (0.3, {}),
    "noise.pyramid_levels": (1, {"noise.pyramid_discount": 0.3}),
    "noise.input_perturbation": (0.1, {}),
    "noise.min_timestep": (900, {}),
    "noise.max_timestep": (100, {}),
    "noise.timestep_sampling": ("spread", {}),
    "noise.logit_mean": (1, LOGIT),
    "noise.logit_scale": (2, LOGIT),
    "preservation.kind": ("prior_prediction", {}),
    "preservation.weight": (0.5, {}),
    "preservation.final_weight": (0.25, {"duration.max_steps": 4}),
    "preservation.fall_fraction": (0.5, FALLING),
}
PROVEN = {*LOSSES, "loss.like_noise", "loss.contrastive_margin"}


@pytest.fixture(scope="module")
def known_losses():
    """Results by settings, since many cases begin with the same ones."""
    return {}


@pytest.fixture
def second_loss(make_learner, with_classes, known_losses):
    """The loss of the second step of a run with these settings."""

    def take(settings) -> float:
        key = str(settings)
        if key not in known_losses:
            learner, dataset = make_learner(with_settings(with_classes, **settings))
            (report,) = train_steps(learner, dataset, 1, start=1)
            known_losses[key] = report.loss
        return known_losses[key]

    return take


@pytest.mark.parametrize("name", LOSSES)
def test_setting_changes_the_loss(second_loss, name):
    value, others = LOSSES[name]
    before, after = second_loss(others), second_loss({**others, name: value})
    assert after != pytest.approx(before, rel=1e-6)


def velocity_learner(make_model, config) -> tuple[Learner, StableDiffusion]:
    model, device = make_model("v_prediction"), choose_device(config.precision)
    return build_learner(config, model, device, build_latents(model, device, None), 4), model


def test_velocity_may_be_weighed_like_noise(make_model, config):
    losses = []
    for is_weighed in (False, True):
        asked = with_settings(config, loss__like_noise=is_weighed)
        learner, _ = velocity_learner(make_model, asked)
        (report,) = train_steps(learner, examples_of(asked), 1)
        losses.append(report.loss)
    assert losses[1] < losses[0]


@pytest.mark.parametrize(("margin", "moves"), [(0.0, False), (5.0, True)])
def test_picture_with_a_negative_weight_pushes_as_far_as_the_margin(make_learner, config, margin, moves):
    config = with_settings(config, loss__contrastive_margin=margin)
    learner, dataset = make_learner(config)
    pushing = tuple(replace(example, loss_weight=-1.0) for example in dataset.instances)
    (report,) = train_steps(learner, replace(dataset, instances=pushing), 1)
    assert (report.grad_norm > 0) is moves
    assert report.instance_loss > 0


@pytest.mark.parametrize(("first", "end"), [(0, 3), (700, 701)])
def test_timesteps_are_those_of_the_range(make_learner, config, first, end):
    config = with_settings(config, noise__max_timestep=end, noise__min_timestep=first, **BATCH)
    learner, dataset = make_learner(config)
    for sampling in ("uniform", "spread", "logit_normal"):
        asked = replace(learner, config=with_settings(config, noise__timestep_sampling=sampling))
        (batch,) = find_step(dataset, config, 0)
        timesteps = draw_noised(asked, batch, (0, 0, 0)).timesteps
        assert timesteps.min() >= first
        assert timesteps.max() < end


def test_one_setting_does_not_move_what_another_draws(make_learner, config):
    learner, dataset = make_learner(with_settings(config, **BATCH))
    (batch,) = find_step(dataset, learner.config, 0)
    plain = draw_noised(learner, batch, (0, 0, 0))
    asked = with_settings(
        learner.config,
        noise__offset_noise=0.1,
        noise__offset_random=True,
        noise__input_perturbation=0.1,
        noise__pyramid_discount=0.3,
    )
    shaped = draw_noised(replace(learner, config=asked), batch, (0, 0, 0))
    assert shaped.latents.equal(plain.latents)
    assert shaped.timesteps.equal(plain.timesteps)
    assert not shaped.noise.equal(plain.noise)
    assert not shaped.seen_noise.equal(shaped.noise)


def test_input_is_perturbed_and_what_is_asked_for_is_not(make_learner, config):
    learner, dataset = make_learner(with_settings(config, **BATCH))
    (batch,) = find_step(dataset, learner.config, 0)
    plain = draw_noised(learner, batch, (0, 0, 0))
    asked = replace(learner, config=with_settings(learner.config, noise__input_perturbation=0.5))
    perturbed = draw_noised(asked, batch, (0, 0, 0))
    assert perturbed.target("epsilon").equal(plain.target("epsilon"))
    assert (perturbed.seen_noise - plain.noise).std().item() == pytest.approx(0.5, rel=0.1)
