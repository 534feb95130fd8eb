"""A run that is paused, or whose settings change on the way, and goes on as if nothing had happened."""

import pytest

from dreambooth.config.live import load_changes
from dreambooth.events import ask, read_events
from dreambooth.training import run as run_module
from dreambooth.training.run import Outlets
from tests.training.conftest import averaged_hash, learnt_hash, with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3, "ema__enabled": True}
FASTER = ("change", {"lora.unet_lr": 5e-3, "saving.save_every_steps": 2})


def told_of(told, kind):
    return [event for event in read_events(told.folder) if event["event"] == kind]


@pytest.fixture
def six_steps(config):
    return with_settings(config, duration__max_steps=6, **LORA)


def test_paused_run_goes_on_bit_for_bit(make_run, six_steps):
    whole, told = make_run(six_steps, "whole")
    assert whole.train() == "done"
    losses = []
    for asks, outcome in (({2: "pause"}, "paused"), ({4: "pause"}, "paused"), ({}, "done")):
        run, part = make_run(six_steps, "parts", asks)
        assert run.train() == outcome
        losses += part.losses
    assert losses == told.losses
    assert (learnt_hash(run.learner), averaged_hash(run)) == (
        learnt_hash(whole.learner),
        averaged_hash(whole),
    )


def test_changed_settings_count_from_the_next_step_on(make_run, six_steps):
    plain, before = make_run(six_steps, "plain")
    plain.train()
    run, told = make_run(six_steps, "changed", {2: FASTER})
    assert run.train() == "done"
    assert told.losses[:3] == before.losses[:3]  # step 3 is the first whose result differs
    assert told.losses[3:] != before.losses[3:]
    assert told.saves == [2, 4]
    assert [(each["step"], each["values"]) for each in told_of(told, "changed")] == [(2, FASTER[1])]
    assert list(told.folder.requests.iterdir()) == []


def test_run_that_goes_back_to_an_earlier_state_meets_the_change_at_its_step(make_run, six_steps):
    whole, _ = make_run(six_steps, "whole", {3: FASTER})
    whole.train()
    run, told = make_run(six_steps, "killed", {1: "save", 3: FASTER})
    run.outlets = Outlets(_dies_at(4, told), told.saves.append, print, print)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    again, told = make_run(six_steps, "killed")
    assert (again.step, again.learner.config.lora.unet_lr) == (1, 1e-3)
    assert again.train() == "done"
    assert learnt_hash(again.learner) == learnt_hash(whole.learner)
    assert told.saves == [4]


def test_run_that_goes_on_behind_a_change_has_it(make_run, six_steps):
    whole, _ = make_run(six_steps, "whole", {2: FASTER})
    whole.train()
    run, _ = make_run(six_steps, "parts", {2: FASTER, 3: "stop"})
    run.train()
    run, told = make_run(six_steps, "parts")
    assert run.learner.config.lora.unet_lr == 5e-3
    run.train()
    assert learnt_hash(run.learner) == learnt_hash(whole.learner)
    assert told.saves == [4]


def _dies_at(step, told):
    def say(now, *others):
        told.say_step(now, *others)
        if now == step:
            raise KeyboardInterrupt

    return say


def test_change_that_cannot_be_is_a_warning(make_run, six_steps):
    run, told = make_run(with_settings(six_steps, duration__max_steps=2))
    ask(told.folder, "change", {"data.resolution": 32})
    assert run.train() == "done"
    (warning,) = told_of(told, "warning")
    assert "the settings stay as they are: data.resolution: cannot change" in warning["message"]
    assert load_changes(told.folder) == []


def test_device_rests_after_epochs_but_not_after_the_last(make_run, six_steps):
    rests = []
    run, told = make_run(with_settings(six_steps, duration__pause_every_epochs=1, duration__pause_seconds=7))
    run.outlets = Outlets(told.say_step, print, print, print, rest=rests.append)
    assert run.train() == "done"
    assert rests == [7]
    assert [(each["step"], each["seconds"]) for each in told_of(told, "resting")] == [(3, 7)]


def test_full_disk_leaves_the_last_state_and_the_training_goes_on(make_run, six_steps, monkeypatch):
    run, told = make_run(with_settings(six_steps, saving__state_every_steps=2), asks={4: "pause"})
    save = run_module.save_snapshot

    def full_from_step_4(folder, snapshot):
        monkeypatch.setattr("dreambooth.models.streaming.SPARE_BYTES", 2**62 if snapshot.step == 4 else 0)
        save(folder, snapshot)

    monkeypatch.setattr(run_module, "save_snapshot", full_from_step_4)
    assert run.train() == "done"  # a pause that could not be kept is none
    assert told.states == [2, 6]
    assert "the last state stays, and training goes on" in told_of(told, "warning")[0]["message"]
