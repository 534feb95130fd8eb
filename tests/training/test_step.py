"""One optimizer step."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from dreambooth.data.batches import find_step
from dreambooth.training.batch_errors import batch_errors
from dreambooth.training.learner import Learner
from dreambooth.training.rows import plain_rows
from tests.training.conftest import learnt_hash, train_steps, with_fields, with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3, "lora__text_encoder_lr": 1e-3}

# Recorded when the step was written; a change that should not alter results keeps them.
PINNED_LOSSES = [
    *(1.1445, 0.7635, 0.9079, 1.0016, 1.0569, 0.9695, 0.7206, 0.9862, 1.0146, 0.6094),
    *(0.8564, 0.9352, 0.8375, 1.0271, 0.9780, 0.9705, 0.9770, 0.7665, 0.9069, 1.0385),
]


def weighted_mean(learner: Learner, dataset, step: int = 0) -> torch.Tensor:
    """The loss of a step over all its examples at once."""
    config = learner.config
    batches = find_step(dataset, config, step)
    errors = torch.cat(
        [batch_errors(learner, batch, plain_rows(batch), step, n) for n, batch in enumerate(batches)]
    )
    weights = torch.tensor([item.example.loss_weight for batch in batches for item in batch.items])
    return (errors * weights).sum() / len(weights)


def part_hashes(learner: Learner) -> dict[str, str]:
    return {
        part: learnt_hash(replace(learner, parameters={part: named}))
        for part, named in learner.parameters.items()
    }


def test_pinned_losses_of_twenty_steps_with_everything_on(make_learner, with_classes):
    config = with_settings(
        with_classes,
        duration__max_steps=20,
        data__batch_size=2,
        augment__flip_probability=0.5,
        optimizer__unet_lr=1e-4,
        schedule__name="cosine",
        parts__text_encoder_fraction=0.5,
        loss__min_snr_gamma=5,
        noise__offset_noise=0.1,
    )
    learner, dataset = make_learner(config)
    losses = [report.loss for report in train_steps(learner, dataset, 20)]
    assert losses == pytest.approx(PINNED_LOSSES, rel=1e-3)


def test_same_step_gives_the_same_weights_and_another_does_not(make_learner, config):
    hashes = []
    for start in (0, 0, 1):
        learner, dataset = make_learner(config)
        train_steps(learner, dataset, 1, start)
        hashes.append(learnt_hash(learner))
    assert hashes[0] == hashes[1] != hashes[2]


def test_accumulated_passes_are_one_big_batch(make_learner, with_classes):
    config = with_settings(with_classes, data__gradient_accumulation_steps=3)
    learner, dataset = make_learner(config)
    at_once = weighted_mean(learner, dataset)
    at_once.backward()
    norm = nn.utils.clip_grad_norm_(learner.learning, math.inf)
    learner.optimizer.zero_grad()
    (report,) = train_steps(learner, dataset, 1)
    assert report.num_images == 6
    assert report.loss == pytest.approx(at_once.item(), rel=1e-5)
    assert report.grad_norm == pytest.approx(norm.item(), rel=1e-5)


def test_prior_weight_makes_one_weighted_mean(make_learner, with_classes):
    config = with_settings(with_classes, preservation__weight=0.25)
    learner, dataset = make_learner(config)
    (report,) = train_steps(learner, dataset, 1)
    assert report.loss == pytest.approx((report.instance_loss + 0.25 * report.prior_loss) / 2, rel=1e-5)
    assert report.concept_losses == {0: report.instance_loss}


def test_without_class_images_there_is_no_prior_loss(make_learner, config):
    (report,) = train_steps(*make_learner(config), 1)
    assert report.prior_loss is None
    assert report.loss == pytest.approx(report.instance_loss)


def test_text_encoder_learns_only_during_its_share(make_learner, config):
    config = with_settings(config, parts__text_encoder_fraction=0.5)
    learner, dataset = make_learner(config)
    before = part_hashes(learner)
    train_steps(learner, dataset, 2)
    half = part_hashes(learner)
    train_steps(learner, dataset, 2, start=2)
    end = part_hashes(learner)
    assert before["text_encoder"] != half["text_encoder"] == end["text_encoder"]
    assert before["unet"] != half["unet"] != end["unet"]


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({}, {"unet"}),
        ({"parts__train_unet": False, "parts__text_encoder_fraction": 1}, {"text_encoder"}),
        ({**LORA, "parts__text_encoder_fraction": 1}, {"unet", "text_encoder"}),
    ],
)
def test_nothing_but_what_is_asked_for_moves(make_learner, config, settings, parts):
    learner, dataset = make_learner(with_settings(config, **settings))
    frozen = {
        name: weight.clone()
        for module in (*learner.model.parts.values(), learner.model.vae)
        for name, weight in module.named_parameters()
        if not weight.requires_grad
    }
    before = part_hashes(learner)
    train_steps(learner, dataset, 2)
    after = part_hashes(learner)
    assert {part for part in after if after[part] != before[part]} == set(learner.parameters) == parts
    for module in (*learner.model.parts.values(), learner.model.vae):
        named = dict(module.named_parameters())
        assert all(torch.equal(named[name], frozen[name]) for name in named.keys() & frozen.keys())


@pytest.mark.parametrize("settings", [{}, LORA])
def test_checkpointing_changes_memory_and_not_results(make_learner, config, settings):
    config = with_settings(config, parts__text_encoder_fraction=1, **settings)
    plain, dataset = make_learner(config)
    saving, _ = make_learner(with_settings(config, precision__gradient_checkpointing=True))
    first, second = train_steps(plain, dataset, 2), train_steps(saving, dataset, 2)
    assert [r.loss for r in second] == pytest.approx([r.loss for r in first], rel=1e-5)
    assert [r.grad_norm for r in second] == pytest.approx([r.grad_norm for r in first], rel=1e-4)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_learns_nearly_the_same_in_fp32_weights(make_learner, config, precision):
    exact, dataset = make_learner(config)
    mixed, _ = make_learner(with_settings(config, precision__mixed_precision=precision))
    first, second = train_steps(exact, dataset, 2), train_steps(mixed, dataset, 2)
    assert [r.loss for r in second] == pytest.approx([r.loss for r in first], rel=0.02)
    assert first[0].loss != second[0].loss
    assert {weight.dtype for weight in mixed.learning} == {torch.float32}


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize(
    "settings",
    [
        {"adapter": "loha", "lora__rank_dropout": 0.1},
        {"adapter": "lokr", "lora__rank_dropout": 0.1},
        {"lora__dora": True, "lora__rank_dropout": 0.1, "lora__module_dropout": 0.1},
        {"adapter": "lokr", "lora__dora": True},
    ],
)
def test_every_kind_of_adapter_learns_in_mixed_precision(make_learner, config, settings, precision):
    config = with_settings(config, **{**LORA, "lora__conv_rank": 2, **settings})
    exact, dataset = make_learner(config)
    mixed, _ = make_learner(with_settings(config, precision__mixed_precision=precision))
    first, second = train_steps(exact, dataset, 3), train_steps(mixed, dataset, 3)
    assert [r.loss for r in second] == pytest.approx([r.loss for r in first], rel=0.02)
    assert second[0].grad_norm == pytest.approx(first[0].grad_norm, rel=0.1)
    assert learnt_hash(mixed) != learnt_hash(exact)
    assert {weight.dtype for weight in mixed.learning} == {torch.float32}


def test_dropout_of_a_frozen_text_encoder_is_off(make_learner, config):
    config = with_settings(config, parts__text_encoder_fraction=0.5, lora__dropout=0.5, **LORA)
    learner, dataset = make_learner(config)
    train_steps(learner, dataset, 3)
    (caption,) = learner.frozen_states
    learner.model.parts["text_encoder"].eval()
    expected = learner.model.encode_captions([caption])
    assert torch.equal(learner.frozen_states[caption].hidden, expected.hidden)


def test_step_with_a_loss_that_is_no_number_leaves_the_weights(make_learner, config):
    learner, dataset = make_learner(config)
    with torch.no_grad():
        learner.model.parts["text_encoder"].text_model.final_layer_norm.bias.fill_(math.nan)
    before = learnt_hash(learner)
    (report,) = train_steps(learner, dataset, 1)
    assert not report.is_finite
    assert learnt_hash(learner) == before


def test_velocity_and_noise_are_learnt_differently(make_model, make_learner, config):
    noise, dataset = make_learner(config)
    velocity = replace(noise, model=make_model("v_prediction"))
    assert weighted_mean(noise, dataset) != weighted_mean(velocity, dataset)


def test_learning_rates_follow_the_schedule(make_learner, config):
    config = with_settings(
        config, schedule__name="linear", parts__text_encoder_fraction=1, optimizer__unet_lr=3e-6
    )
    reports = train_steps(*make_learner(config), 4)
    assert [r.lrs["unet"] for r in reports] == pytest.approx([3e-6, 2e-6, 1e-6, 0])
    assert [r.lrs["text_encoder"] for r in reports] == pytest.approx([1e-6, 2e-6 / 3, 1e-6 / 3, 0])


def test_losses_of_concepts_are_told_apart(make_learner, config):
    second = with_fields(config, instance_prompt="a photo of a zwx car").concepts
    config = with_settings(replace(config, concepts=config.concepts + second), data__batch_size=6)
    (report,) = train_steps(*make_learner(config), 1)
    assert report.concept_losses.keys() == {0, 1}
    assert sum(report.concept_losses.values()) / 2 == pytest.approx(report.instance_loss)
