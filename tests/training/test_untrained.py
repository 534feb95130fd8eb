"""Preservation by the untrained model's own answers."""

import pytest
import torch
from torch import Tensor

from dreambooth.config.folders import RunFolder
from dreambooth.data.batches import find_step
from dreambooth.data.errors import DataError
from dreambooth.training.batch_errors import batch_errors
from dreambooth.training.noising import draw_noised
from dreambooth.training.rows import build_rows
from dreambooth.training.untrained import Untrained
from tests.conftest import draw_photos
from tests.models.conditions import told
from tests.training.conftest import examples_of, learnt_hash, train_steps, with_fields, with_settings

TEXT = {"parts__text_encoder_fraction": 1, "data__batch_size": 2}
FAST = {"lora__unet_lr": 1e-2, "lora__text_encoder_lr": 1e-2, "lora__rank": 2}
LEARNERS = {
    "full model": {"optimizer__unet_lr": 1e-3, "optimizer__text_encoder_lr": 1e-3},
    "lora": {"adapter": "lora", "lora__conv_rank": 2, "lora__dropout": 0.5, "lora__rank_dropout": 0.5},
    "loha": {"adapter": "loha", "lora__module_dropout": 0.5},
    "lokr": {"adapter": "lokr"},
    "dora": {"adapter": "lora", "lora__dora": True},
}


@pytest.fixture
def asked(config):
    """A training with tokens, by one of the two ways that ask the untrained model."""

    def ask(kind, **settings):
        named = with_fields(config, instance_token="sks", class_token="robot")
        return with_settings(named, preservation__kind=kind, **settings)

    return ask


def answers(of: Untrained) -> tuple[Tensor, Tensor]:
    """Text states, and what is predicted under them."""
    text = of.encode(["a robot"])
    return text.hidden, of.predict(torch.ones(1, 4, 8, 8), torch.tensor([500]), told(text))


def test_untrained_model_reads_captions_as_the_one_that_learns_does(make_learner, asked):
    learner, _ = make_learner(asked("prior_prediction", captions__max_tokens="150"))
    assert learner.untrained.encode(["robot " * 80]).hidden.shape[1] == 154


@pytest.mark.parametrize("learns", LEARNERS)
def test_untrained_answers_stay_bit_for_bit_what_they_were(make_learner, asked, learns):
    learner, dataset = make_learner(asked("prior_prediction", **TEXT, **FAST, **LEARNERS[learns]))
    before = answers(learner.untrained)
    learner.untrained.states.clear()
    started = learnt_hash(learner)
    first, second = train_steps(learner, dataset, 2)
    assert learnt_hash(learner) != started
    for now, then in zip(answers(learner.untrained), before, strict=True):
        assert torch.equal(now, then)
    has_dropout = any("dropout" in name for name in LEARNERS[learns])
    assert has_dropout or first.prior_loss == pytest.approx(0, abs=1e-9)  # nothing has been forgotten yet
    assert second.prior_loss > 1e-6


def test_asking_changes_neither_random_numbers_nor_what_learns(make_learner, asked):
    learner, _ = make_learner(asked("prior_prediction", **FAST, **LEARNERS["lora"]))
    learning = {id(weight) for weight in learner.learning if weight.requires_grad}
    modes = [module.training for module in learner.model.parts["unet"].modules()]
    torch.manual_seed(0)
    expected = torch.get_rng_state()
    answers(learner.untrained)
    assert torch.equal(torch.get_rng_state(), expected)
    assert {id(weight) for weight in learner.learning if weight.requires_grad} == learning
    assert [module.training for module in learner.model.parts["unet"].modules()] == modes


def test_each_picture_is_shown_again_under_the_class_prompt(asked):
    config = asked("prior_prediction", data__batch_size=3)
    (batch,) = find_step(examples_of(config), config, 0)
    rows = build_rows(config, batch, done=0)
    assert [row.prompt for row in rows] == ["a photo of a sks robot"] * 3 + ["a photo of a robot"] * 3
    assert [row.source for row in rows] == [0, 1, 2, 0, 1, 2]
    assert [row.is_held for row in rows] == [row.is_prior for row in rows] == [False] * 3 + [True] * 3


def test_each_picture_is_shown_again_under_its_own_prompt_without_the_token(asked):
    config = with_fields(asked("output_preservation", data__batch_size=3), instance_prompt="sks, [filewords]")
    (batch,) = find_step(examples_of(config), config, 0)
    rows = build_rows(config, batch, done=0)
    assert [row.prompt for row in rows[3:]] == [row.prompt.replace("sks, ", "") for row in rows[:3]]


def test_dropped_caption_is_not_held(asked):
    config = asked("output_preservation", captions__dropout_probability=1)
    (batch,) = find_step(examples_of(config), config, 0)
    assert [row.prompt for row in build_rows(config, batch, done=0)] == [""]


@pytest.mark.parametrize("place", ["class_data_dir", "preservation_data_dir"])
def test_pictures_of_the_class_are_answered_as_before_where_there_are_some(config, tmp_path, place):
    folder = tmp_path / "ordinary"
    draw_photos(folder, 3)
    own = {
        place: str(folder),
        "preservation_multiply": 1,
        "num_class_images_per": int(place == "class_data_dir"),
    }
    config = with_fields(config, **own)
    config = with_settings(config, preservation__kind="prior_prediction", data__batch_size=6)
    rows = [
        row
        for batch in find_step(examples_of(config), config, 0)
        for row in build_rows(config, batch, done=0)
    ]
    assert {(row.is_prior, row.is_held) for row in rows} == {(False, False), (True, True)}
    assert len(rows) == 6


def test_rows_of_one_picture_share_latents_noise_and_timestep(make_learner, asked):
    learner, dataset = make_learner(asked("prior_prediction", data__batch_size=2))
    (batch,) = find_step(dataset, learner.config, 0)
    seen = draw_noised(learner, batch, (0, 0, 0)).chosen([0, 1, 0, 1])
    assert torch.equal(seen.noisy[:2], seen.noisy[2:])
    assert torch.equal(seen.timesteps[:2], seen.timesteps[2:])


def test_instance_rows_err_as_they_would_without_preservation(make_learner, asked):
    learner, dataset = make_learner(asked("prior_prediction", data__batch_size=2))
    (batch,) = find_step(dataset, learner.config, 0)
    rows = build_rows(learner.config, batch, done=0)
    both, alone = (batch_errors(learner, batch, chosen, 0, 0) for chosen in (rows, rows[:2]))
    torch.testing.assert_close(both[:2], alone)


def test_dream_leaves_what_is_held_alone(make_learner, asked):
    learner, dataset = make_learner(asked("prior_prediction", data__batch_size=2, loss__dream=True))
    (batch,) = find_step(dataset, learner.config, 0)
    losses = batch_errors(learner, batch, build_rows(learner.config, batch, done=0), 0, 0)
    assert losses[:2].min() > 0.1
    assert losses[2:].tolist() == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize("kind", ["class_images", "prior_prediction"])
def test_gradients_survive_answers_without_gradient_in_mixed_precision(make_learner, asked, kind):
    config = asked(kind, precision__mixed_precision="bf16")
    plain, dataset = make_learner(config)
    dreaming, _ = make_learner(with_settings(config, loss__dream=True))
    (first,), (second,) = train_steps(plain, dataset, 1), train_steps(dreaming, dataset, 1)
    assert second.grad_norm > 0.2 * first.grad_norm > 0


def test_weight_of_what_preserves_falls_evenly(with_classes):
    config = with_settings(
        with_classes, preservation__final_weight=0.2, preservation__fall_fraction=0.5, data__batch_size=1
    )
    (batch,) = find_step(examples_of(config), config, 0)
    weights = [[row.weight for row in build_rows(config, batch, done)] for done in (0, 0.25, 0.5, 1)]
    assert weights == [[1, 1], [1, pytest.approx(0.6)], [1, pytest.approx(0.2)], [1, pytest.approx(0.2)]]


def test_prompt_of_the_class_must_differ(config):
    same = with_fields(config, instance_prompt="[filewords]", class_prompt="[filewords]")
    with pytest.raises(DataError, match="has the same words as one of the class"):
        examples_of(with_settings(same, preservation__kind="prior_prediction"))


def test_token_must_be_in_a_prompt(asked):
    config = with_fields(asked("output_preservation"), instance_token="zwx")
    with pytest.raises(DataError, match="no prompt has the instance token zwx"):
        examples_of(config)


def test_copies_are_kept_and_taken_again(make_learner, asked, tmp_path):
    run = RunFolder(tmp_path / "run")
    run.state.mkdir(parents=True)
    learner, _ = make_learner(asked("prior_prediction"))
    before = answers(learner.untrained)
    learner.untrained.save(run)
    other, _ = make_learner(asked("prior_prediction"))
    with torch.no_grad():
        other.untrained.model.parts["unet"].conv_out.weight.add_(1)
    other.untrained.load(run)
    assert torch.equal(answers(other.untrained)[1], before[1])
