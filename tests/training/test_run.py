"""A run: what is due when, how it ends, and that it goes on as if nothing had happened."""

import math

import pytest
import torch

from dreambooth.events import ask, read_events
from dreambooth.training.errors import TrainingFailed
from dreambooth.training.run import Outlets
from tests.training.conftest import averaged_hash, learnt_hash, with_settings

FULL = {
    "parts__text_encoder_fraction": 0.5,
    "ema__enabled": True,
    "optimizer__name": "adamw_8bit",
    "optimizer__unet_lr": 1e-4,
    "schedule__name": "cosine",
    "augment__flip_probability": 0.5,
}
LORA = {
    "adapter": "lora",
    "lora__rank": 2,
    "lora__dropout": 0.3,
    "parts__text_encoder_fraction": 0.5,
    "lora__unet_lr": 1e-3,
    "data__batch_size": 2,
}
DORA = {
    **LORA,
    "lora__dora": True,
    "lora__conv_rank": 1,
    "lora__rank_dropout": 0.2,
    "lora__module_dropout": 0.2,
    "lora__max_norm": 0.01,
    "lora__loraplus_ratio": 4,
    "lora__block_ranks": "mid=1",
    "lora__block_lr_factors": "out=2",
}
LOHA, LOKR = (
    {"adapter": kind, "lora__rank": 2, "lora__rank_dropout": 0.2, "lora__module_dropout": 0.2}
    for kind in ("loha", "lokr")
)
VARIED = {
    **LORA,
    "augment__crop": "random",
    "augment__flip_probability": 0.5,
    "augment__rotation_degrees": 5,
    "augment__colour_probability": 0.5,
    "augment__dynamic_normalisation": True,
}
CASES = {"full": FULL, "varied": VARIED, "lora": LORA, "dora": DORA, "loha": LOHA, "lokr": LOKR}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_resumed_run_repeats_losses_and_weights_bit_for_bit(make_run, config, settings):
    config = with_settings(config, duration__max_steps=6, **settings)
    whole, told = make_run(config, "whole")
    assert whole.train() == "done"
    losses = []
    for stop in (2, None):
        run, part = make_run(config, "parts", {stop: "stop"})
        assert run.train() == ("stopped" if stop else "done")
        losses += part.losses
    assert losses == told.losses
    assert learnt_hash(run.learner) == learnt_hash(whole.learner)
    assert averaged_hash(run) == averaged_hash(whole)


def test_average_differs_from_the_weights(make_run, config):
    run, _ = make_run(with_settings(config, **FULL))
    run.train()
    before = learnt_hash(run.learner)
    assert averaged_hash(run) != before == learnt_hash(run.learner)


@pytest.mark.parametrize(
    ("asks", "outcome", "step", "saves", "samples"),
    [
        ({2: "stop"}, "stopped", 2, [], []),
        ({2: "stop_after_epoch"}, "stopped", 3, [], []),
        ({2: "pause"}, "paused", 2, [], []),
        ({2: "discard"}, "discarded", 2, [], []),
        ({2: "save"}, "done", 5, [2], []),
        ({2: "sample"}, "done", 5, [], [2]),
        ({5: "stop"}, "done", 5, [], []),
        ({4: "stop_after_epoch"}, "done", 5, [], []),
    ],
)
def test_requests_are_answered(make_run, config, asks, outcome, step, saves, samples):
    run, told = make_run(with_settings(config, adapter="lora", duration__max_steps=5), asks=asks)
    assert run.train() == outcome
    assert (run.step, told.saves, told.samples) == (step, saves, samples)
    assert told.states[-1:] == ([] if outcome == "discarded" else [step])
    assert list(told.folder.requests.iterdir()) == []


def test_drawing_is_answered_at_the_next_step_boundary(make_run, config):
    run, told = make_run(with_settings(config, adapter="lora", duration__max_steps=2))
    ask(told.folder, "draw", {"prompt": "a cat"})
    assert run.train() == "done"
    assert told.drawings == ['{"prompt": "a cat"}']
    assert list(told.folder.requests.iterdir()) == []


def test_three_steps_that_are_no_number_end_the_run_at_the_last_good_state(make_run, config):
    config = with_settings(config, adapter="lora", duration__max_steps=8, saving__state_every_steps=1)
    run, _ = make_run(config, asks={3: "stop"})
    run.train()
    good = learnt_hash(run.learner)
    run, told = make_run(config)
    with torch.no_grad():  # as a text encoder that was damaged would answer
        run.learner.model.parts["text_encoder"].text_model.final_layer_norm.bias.fill_(math.nan)
    with pytest.raises(TrainingFailed, match=r"3 steps in a row.*lower learning rate"):
        run.train()
    assert learnt_hash(run.learner) == good
    assert len([event for event in read_events(told.folder) if event["event"] == "warning"]) == 3


def test_a_good_step_forgives_the_bad_ones_before(make_run, config):
    run, _ = make_run(with_settings(config, adapter="lora"))
    norm = run.learner.model.parts["text_encoder"].text_model.final_layer_norm
    good = norm.bias.detach().clone()
    norm.bias.data.fill_(math.nan)
    steps = iter(range(10))

    def heal_later(*_):
        if next(steps) == 1:
            norm.bias.data.copy_(good)
            run.learner.frozen_states.clear()

    run.outlets = Outlets(heal_later, print, print, print)
    assert run.train() == "done"
    assert run.num_bad_steps == 0
