"""Every optimizer goes on bit for bit, from files without a pickle."""

import shutil
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from dreambooth.config.folders import RunFolder
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.training.errors import OptimizerFault
from dreambooth.training.groups import Group
from dreambooth.training.optimizer_state import load_optimizer, optimizer_to_tensors
from dreambooth.training.optimizers import build_optimizer, set_lrs
from dreambooth.training.state import Snapshot, load_snapshot, save_snapshot
from tests.training.conftest import averaged_hash, learnt_hash, with_settings

NAMES = [name for name, kind in KINDS.items() if not kind.is_paged and name != "custom"]
CUSTOM = {"name": "custom", "class_name": "torch.optim.NAdam"}
CASES = {
    **{name: {"name": name} for name in NAMES},
    "custom": CUSTOM,
    "custom schedule-free": {"name": "custom", "class_name": "pytorch_optimizer.ScheduleFreeAdamW"},
    "adafactor with momentum": {"name": "adafactor", "beta1": 0.9},
    "prodigy with arguments": {"name": "prodigy", "arguments": "d_coef=2.0, growth_rate=1.02"},
}


def build(settings):
    weights = [nn.Parameter(torch.linspace(1, 2, 8192).view(-1, 64)), nn.Parameter(torch.ones(64))]
    kind = KINDS[settings["name"]]
    lr = 1.0 if kind.estimates_rate else 0.01
    groups = [Group("unet", lr, (weights[0],)), Group("text_encoder", lr / 2, (weights[1],))]
    return weights, build_optimizer(OptimizerConfig(**settings), groups)


def take_steps(weights, optimizer, first, last):
    for step in range(first, last):
        set_lrs(optimizer, unet=1 / (step + 1), text=1)
        sum(weight.pow(3).sum() for weight in weights).backward()
        optimizer.step()
        optimizer.zero_grad()


def resumed(folder, weights, optimizer, settings):
    """New weights and an optimizer that never met the others, but for the files."""
    tensors, values = optimizer_to_tensors(optimizer)
    save_snapshot(folder, Snapshot(3, {"optimizer": tensors}, {"values": values}))
    copies, fresh = build(settings)
    for copy, saved in zip(copies, weights, strict=True):
        copy.data.copy_(saved)
    loaded = load_snapshot(folder)
    load_optimizer(fresh, loaded.tensors["optimizer"], loaded.values["values"])
    return copies, fresh


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_optimizer_goes_on_bit_for_bit(tmp_path, settings):
    weights, optimizer = build(settings)
    take_steps(weights, optimizer, 0, 3)
    copies, fresh = resumed(RunFolder(tmp_path / "run"), weights, optimizer, settings)
    take_steps(weights, optimizer, 3, 6)
    take_steps(copies, fresh, 3, 6)
    assert all(torch.equal(one, other) for one, other in zip(weights, copies, strict=True))


def test_settings_may_be_changed_before_a_run_goes_on(tmp_path):
    settings = {"name": "prodigy", "arguments": "safeguard_warmup=False, d0=1e-3"}
    weights, optimizer = build(settings)
    take_steps(weights, optimizer, 0, 30)
    changes = {"weight_decay": 0.5, "beta1": 0.5, "arguments": "d_coef=0.5, d0=1e-5"}
    _, fresh = resumed(RunFolder(tmp_path / "run"), weights, optimizer, {**settings, **changes})
    for group, before in zip(fresh.param_groups, optimizer.param_groups, strict=True):
        assert (group["weight_decay"], group["betas"], group["d_coef"]) == (0.5, (0.5, 0.999), 0.5)
        assert group["d"] == before["d"] > before["d0"] > group["d0"]


def test_memory_of_version_0_1_is_read():
    weights, optimizer = build({"name": "adamw_8bit"})
    take_steps(weights, optimizer, 0, 3)
    tensors, values = optimizer_to_tensors(optimizer)
    values = {key: value for key, value in values.items() if not isinstance(value, dict)}
    copies, fresh = build({"name": "adamw_8bit"})
    load_optimizer(fresh, tensors, values)
    for weight, copy in zip(weights, copies, strict=True):
        assert torch.equal(fresh.state[copy]["state1"], optimizer.state[weight]["state1"])
        assert fresh.state[copy]["step"] == 3


def test_whatever_an_optimizer_keeps_comes_back_as_it_was():
    kept = {
        "nested": {"window": deque([1.5, 2.5], maxlen=3), "pair": (torch.ones(2), [None, True])},
        "dtype": torch.bfloat16,
        "number": np.float64(0.25),
        "numbers": torch.arange(3),
    }
    weights, optimizer = build(CUSTOM)
    optimizer.state[weights[0]].update(kept)
    copies, fresh = build(CUSTOM)
    load_optimizer(fresh, *optimizer_to_tensors(optimizer))
    found = fresh.state[copies[0]]
    assert found["nested"]["window"] == deque([1.5, 2.5])
    assert found["nested"]["window"].maxlen == 3
    assert (found["nested"]["pair"][0].tolist(), found["nested"]["pair"][1]) == ([1, 1], [None, True])
    assert (found["dtype"], found["number"], found["numbers"].dtype) == (torch.bfloat16, 0.25, torch.int64)


def test_what_only_a_pickle_could_hold_is_refused():
    weights, optimizer = build(CUSTOM)
    optimizer.state[weights[0]]["odd"] = SimpleNamespace()
    with pytest.raises(OptimizerFault, match=r"keeps a SimpleNamespace \(0.odd\)"):
        optimizer_to_tensors(optimizer)


LORA = {"adapter": "lora", "lora__rank": 2, "parts__text_encoder_fraction": 0.5, "lora__loraplus_ratio": 4}
FULL = {"adapter": "none", "parts__text_encoder_fraction": 1}
IN_LORA = ("lion_8bit", "adafactor", "came", "prodigy", "dadapt_adam", "sophia", "schedule_free_adamw")
IN_FULL = ("lion", "prodigy", "schedule_free_sgd")


@pytest.mark.parametrize(
    ("settings", "name"), [(LORA, name) for name in IN_LORA] + [(FULL, name) for name in IN_FULL]
)
def test_resumed_run_repeats_losses_and_weights_bit_for_bit(make_run, config, tmp_path, settings, name):
    rate = 1.0 if KINDS[name].estimates_rate else 1e-4
    section = "optimizer" if settings is FULL else "lora"
    rates = {f"{section}__unet_lr": rate, f"{section}__text_encoder_lr": rate / 2}
    config = with_settings(config, duration__max_steps=6, optimizer__name=name, **settings, **rates)
    whole, told = make_run(config, "whole", {3: "stop"})
    assert whole.train() == "stopped"
    shutil.copytree(whole.folder.path, tmp_path / "resumed")
    assert whole.train() == "done"
    resumed, after = make_run(config, "resumed")
    assert (resumed.step, resumed.train()) == (3, "done")
    assert after.losses == told.losses[3:]
    assert learnt_hash(resumed.learner) == learnt_hash(whole.learner)
    assert averaged_hash(resumed) == averaged_hash(whole)
    assert (averaged_hash(whole) != learnt_hash(whole.learner)) == KINDS[name].averages
