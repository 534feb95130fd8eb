"""What a training would find on this machine, by a driver's program or the system."""

import os
import sys

import pytest

from dreambooth.config.precision import PrecisionConfig
from dreambooth.jobs import machine
from dreambooth.jobs.machine import (
    Machine,
    find_gpu_bytes,
    find_machine,
    find_ram_bytes,
    parse_memory,
    uses_half_precision,
)


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Puts a program in the place of nvidia-smi that does what it is told to."""
    if os.name == "nt":
        pytest.skip("a script is no program there")
    machine._ask_for_gpu.cache_clear()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(body: str) -> None:
        path = tmp_path / "nvidia-smi"
        path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
        path.chmod(0o755)

    yield install
    machine._ask_for_gpu.cache_clear()


@pytest.mark.parametrize(
    ("told", "memory"),
    [
        ("24564\n", 24564 * 2**20),
        ("24564\n8192\n", 24564 * 2**20),
        ("", None),
        ("[N/A]\n", None),
        ("\n \n", None),
    ],
)
def test_memory_is_read_from_what_the_driver_prints(told, memory):
    assert parse_memory(told) == memory


def test_the_gpu_is_taken_when_there_is_one(driver):
    driver("print(8192)")
    assert find_machine(PrecisionConfig()) == Machine("cuda", 8192 * 2**20)
    assert find_machine(PrecisionConfig(device="cpu")) == Machine("cpu", find_ram_bytes())


def test_of_several_gpus_the_first_visible_one_is_asked_for(driver, monkeypatch):
    driver("print(1024 if '--id=3' in sys.argv else 2048)")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    assert find_gpu_bytes() == 1024 * 2**20


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_gpu_that_programs_must_not_see_is_none(driver, monkeypatch, hidden):
    driver("print(8192)")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert find_gpu_bytes() is None


def test_a_driver_that_fails_is_no_gpu(driver):
    driver("sys.exit(9)")
    assert find_gpu_bytes() is None
    assert find_machine(PrecisionConfig()).device != "cuda"
    assert find_machine(PrecisionConfig(device="cuda")) == Machine("cuda", None)


@pytest.mark.usefixtures("driver")
def test_without_a_driver_there_is_the_memory_of_the_machine():
    told = find_machine(PrecisionConfig())
    assert told.device in ("cpu", "mps")
    assert told.memory_bytes == find_ram_bytes() > 2**28


@pytest.mark.parametrize(
    ("asked", "device", "is_half"),
    [
        ("auto", "cuda", True),
        ("auto", "cpu", False),
        ("auto", "mps", False),
        ("no", "cuda", False),
        ("bf16", "cpu", True),
        ("fp16", "mps", True),
    ],
)
def test_precision_is_halved_where_training_halves_it(asked, device, is_half):
    assert uses_half_precision(PrecisionConfig(mixed_precision=asked), Machine(device, None)) is is_half
