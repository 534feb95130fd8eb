"""Other machines join the training that the first one has begun."""

import shlex
from dataclasses import replace

import pytest

from dreambooth.cli import build_parser
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.store import ConfigError, Conflict
from dreambooth.jobs.joining import join_training
from dreambooth.jobs.start import change_run
from dreambooth.launching import others_command
from dreambooth.setting_commands import asked_changes

THREE_MACHINES = MachinesConfig(num_processes=6, num_machines=3, main_address="10.0.0.1")


def test_machine_that_the_training_does_not_expect_is_refused(begin, config):
    run = begin(replace(config, machines=THREE_MACHINES))
    with pytest.raises(Conflict, match="from 1 to 2"):
        join_training(run, 3)


def test_training_of_one_machine_cannot_be_joined(begin, config):
    with pytest.raises(Conflict, match="--num-machines"):
        join_training(begin(config), 1)


def test_what_the_others_are_told_to_run_is_a_command(tmp_path):
    words = shlex.split(others_command(tmp_path, "dog", 2))
    asked = build_parser().parse_args(words[words.index("dreambooth") + 1 :])
    assert (asked.command, asked.name, asked.machine_rank, asked.models_dir) == ("train", "dog", 2, tmp_path)


def test_options_of_train_stand_for_settings():
    asked = build_parser().parse_args(["train", "dog", "--num-processes", "2", "--set", "seed=1"])
    assert asked_changes(asked) == {"seed": "1", "machines.num_processes": "2"}


def test_machines_may_meet_elsewhere_after_an_interruption(begin, config):
    run = begin(replace(config, machines=THREE_MACHINES))
    change_run(run, {"machines.main_address": "10.0.0.2", "machines.main_port": "4000"})
    with pytest.raises(ConfigError, match="cannot change"):
        change_run(run, {"machines.num_processes": "3"})
