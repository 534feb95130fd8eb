"""What a file of ``accelerate config`` may say beside the settings."""

import json
from dataclasses import replace

import pytest

from dreambooth.config.accelerate_file import accelerate_file_problems, read_accelerate_file
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.precision import PrecisionConfig
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig

CONFIG = TrainConfig(
    machines=MachinesConfig(num_processes=4), precision=PrecisionConfig(mixed_precision="bf16")
)
# As `accelerate config` writes it for four GPUs.
WRITTEN = """\
compute_environment: LOCAL_MACHINE
debug: false
distributed_type: MULTI_GPU
downcast_bf16: 'no'
enable_cpu_affinity: false
gpu_ids: 0,1,2,5
machine_rank: 0
main_training_function: main
mixed_precision: bf16
num_machines: 1
num_processes: 4
rdzv_backend: static
same_network: true
tpu_env: []
tpu_use_cluster: false
tpu_use_sudo: false
use_cpu: false
"""


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "default_config.yaml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def machine_problems(config: TrainConfig) -> dict[str, str]:
    problems = {problem.setting: problem.advice for problem in find_problems(config)}
    return {name: advice for name, advice in problems.items() if not name.startswith("concepts")}


def test_file_that_agrees_is_accepted(written):
    assert list(accelerate_file_problems(read_accelerate_file(written), CONFIG)) == []


def test_file_may_be_json(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"gpu_ids": "0,1"}), encoding="utf-8")
    assert read_accelerate_file(path) == {"gpu_ids": "0,1"}


@pytest.mark.parametrize(
    ("said", "setting", "words"),
    [
        ({"num_processes": 2}, "machines.num_processes", "num_processes: 2; make both the same"),
        ({"mixed_precision": "fp16"}, "precision.mixed_precision", "mixed_precision: fp16"),
        ({"use_cpu": True}, "precision.device", "use_cpu: True"),
        ({"distributed_type": "FSDP"}, "machines.accelerate_config", "here every GPU holds all of it"),
        ({"distributed_type": "DEEPSPEED"}, "machines.accelerate_config", "choose distributed_type"),
        ({"distributed_type": "XLA"}, "machines.accelerate_config", "choose MULTI_GPU"),
        ({"compute_environment": "AMAZON_SAGEMAKER"}, "machines.accelerate_config", "LOCAL_MACHINE"),
        ({"dynamo_config": {"dynamo_backend": "INDUCTOR"}}, "machines.accelerate_config", "take it out"),
    ],
)
def test_file_that_asks_for_something_else_is_refused(said, setting, words):
    ((told, advice),) = accelerate_file_problems(said, CONFIG)
    assert told == setting
    assert words.lower() in advice.lower()


@pytest.mark.parametrize("text", ["[1, 2]", "a: b: c", "1: 2"])
def test_what_is_no_such_file_is_told(tmp_path, text):
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    config = replace(CONFIG, machines=replace(CONFIG.machines, accelerate_config=str(path)))
    assert "accelerate config" in machine_problems(config)["machines.accelerate_config"]


@pytest.mark.parametrize(
    ("machines", "setting", "words"),
    [
        ({"num_processes": 3, "num_machines": 2, "main_address": "a"}, "num_processes", "multiple of the 2"),
        ({"num_processes": 4, "num_machines": 2}, "main_address", "need the address"),
        ({"accelerate_config": "/nowhere"}, "accelerate_config", "set machines.num_processes too"),
        ({"num_processes": 2, "accelerate_config": "/nowhere"}, "accelerate_config", "cannot be read"),
    ],
)
def test_processes_that_cannot_meet_are_refused(machines, setting, words):
    problems = machine_problems(TrainConfig(machines=MachinesConfig(**machines)))
    assert words in problems[f"machines.{setting}"]


def test_several_processes_need_several_devices():
    config = replace(CONFIG, precision=PrecisionConfig(device="mps"))
    assert "one mps device" in machine_problems(config)["machines.num_processes"]
