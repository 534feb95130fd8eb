"""No control without effect: how many processes train together, and where they meet."""

import json

from dreambooth.config.folders import RunFolder
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import find_step, steps_per_epoch
from dreambooth.launching import write_launch_file
from tests.training.conftest import examples_of, with_settings

PROVEN = {
    "machines.num_processes",
    "machines.num_machines",
    "machines.main_address",
    "machines.main_port",
    "machines.accelerate_config",
}


def told_to_launcher(folder, machine=0, **machines) -> dict:
    config = TrainConfig(machines=MachinesConfig(**machines))
    return json.loads(write_launch_file(RunFolder(folder), config, machine).read_text(encoding="utf-8"))


def test_more_processes_see_more_in_a_step(config):
    shared = with_settings(config, machines__num_processes=3)
    dataset = examples_of(config)
    assert (steps_per_epoch(dataset, config), steps_per_epoch(dataset, shared)) == (3, 1)
    assert find_step(dataset, shared, 0) == find_step(dataset, with_settings(config, data__batch_size=3), 0)


def test_launcher_is_told_how_many_there_are_and_where_they_meet(tmp_path):
    meeting = {"num_machines": 2, "main_address": "10.0.0.1", "main_port": 4000}
    told = told_to_launcher(tmp_path, 1, num_processes=4, **meeting)
    assert (told["num_processes"], told["num_machines"], told["machine_rank"]) == (4, 2, 1)
    assert (told["main_process_ip"], told["main_process_port"]) == ("10.0.0.1", 4000)


def test_single_machine_meets_at_a_port_that_is_free(tmp_path):
    assert told_to_launcher(tmp_path, num_processes=2)["main_process_port"] == 0


def test_what_has_no_setting_comes_from_the_file_of_accelerate(tmp_path):
    file = tmp_path / "default_config.yaml"
    file.write_text("gpu_ids: 0,3\nsame_network: true\n", encoding="utf-8")
    told = told_to_launcher(tmp_path, num_processes=2, accelerate_config=str(file))
    assert (told["gpu_ids"], told["same_network"]) == ("0,3", True)
