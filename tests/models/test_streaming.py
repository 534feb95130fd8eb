import errno
import os
import sys
import weakref
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from dreambooth.models.single_file import CheckpointError
from dreambooth.models.streaming import DTYPES, Planned, write_safetensors

SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)
FILES = st.dictionaries(
    st.text(max_size=8), st.tuples(st.sampled_from(sorted(DTYPES)), SHAPES), min_size=1, max_size=8
)


def random_tensor(kind: str, shape: tuple[int, ...]) -> Tensor:
    numbers = torch.randint(0, 100, shape)
    return numbers.float().to(DTYPES[kind]) if DTYPES[kind].is_floating_point else numbers.to(DTYPES[kind])


def same(one: Tensor, other: Tensor) -> bool:
    return (one.dtype, one.shape) == (other.dtype, other.shape) and torch.equal(
        one.flatten().view(torch.uint8), other.flatten().view(torch.uint8)
    )


def planned(tensors: dict[str, Tensor]) -> dict[str, Planned]:
    return {name: Planned.of(tensor) for name, tensor in tensors.items()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(FILES)
def test_the_bytes_are_those_that_safetensors_writes(tmp_path, file):
    tensors = {name: random_tensor(kind, shape) for name, (kind, shape) in file.items()}
    write_safetensors(tmp_path / "x.safetensors", planned(tensors), {"a": 'ö"\\ {}'})
    assert (tmp_path / "x.safetensors").read_bytes() == save(tensors, metadata={"a": 'ö"\\ {}'})
    read = load_file(tmp_path / "x.safetensors")
    assert all(same(read[name], tensor) for name, tensor in tensors.items())


def test_metadata_are_read_back(tmp_path):
    told = {"modelspec.title": "ö", "b": "", "a": "1"}
    write_safetensors(tmp_path / "x.safetensors", planned({"a": torch.zeros(1)}), told)
    with safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        assert file.metadata() == told


def test_views_and_parameters_are_written_as_what_they_show(tmp_path):
    shown = torch.nn.Parameter(torch.arange(12.0).reshape(3, 4)).t()[1:]
    write_safetensors(tmp_path / "x.safetensors", planned({"a": shown}), {})
    assert torch.equal(load_file(tmp_path / "x.safetensors")["a"], shown)


def test_one_tensor_at_a_time_is_alive(tmp_path):
    alive: list[weakref.ref[Tensor]] = []

    def make() -> Tensor:
        assert not any(tensor() is not None for tensor in alive)
        tensor = torch.full((1000,), float(len(alive)))
        alive.append(weakref.ref(tensor))
        return tensor

    tensors = {str(number): Planned(torch.float32, (1000,), make) for number in range(10)}
    write_safetensors(tmp_path / "x.safetensors", tensors, {})
    assert load_file(tmp_path / "x.safetensors")["7"][0] == 7


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float8_e4m3fn])
def test_nan_in_the_last_tensor_leaves_the_earlier_file(tmp_path, dtype):
    path = tmp_path / "x.safetensors"
    write_safetensors(path, planned({"a": torch.zeros(1)}), {})
    bad = {"a": torch.ones(100), "z": torch.tensor([1.0, float("nan")]).to(dtype)}
    with pytest.raises(CheckpointError, match="z holds NaN"):
        write_safetensors(path, planned(bad), {})
    assert load_file(path)["a"].tolist() == [0]
    assert [*tmp_path.iterdir()] == [path]


def test_what_making_a_tensor_raises_travels_and_leaves_nothing(tmp_path):
    def make() -> Tensor:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        write_safetensors(tmp_path / "x.safetensors", {"a": Planned(torch.half, (3,), make)}, {})
    with pytest.raises(ValueError, match="was planned as"):
        write_safetensors(
            tmp_path / "x.safetensors", {"a": Planned(torch.half, (3,), lambda: torch.zeros(3))}, {}
        )
    assert [*tmp_path.iterdir()] == []


def test_a_kind_that_the_format_lacks_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"a is of the kind torch\.complex128"):
        write_safetensors(
            tmp_path / "x.safetensors", planned({"a": torch.zeros(1, dtype=torch.complex128)}), {}
        )


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"x\.safetensors cannot be written: "):
        write_safetensors(tmp_path / "file" / "x.safetensors", planned({"a": torch.zeros(1)}), {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk of Linux")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / ".x.safetensors.partial").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match=f"cannot be written: {os.strerror(errno.ENOSPC)}"):
        write_safetensors(tmp_path / "x.safetensors", planned({"a": torch.zeros(100_000)}), {})
    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    with pytest.raises(CheckpointError, match=f"cannot be written: {os.strerror(errno.EACCES)}"):
        write_safetensors(tmp_path / "locked" / "x.safetensors", planned({"a": torch.zeros(1)}), {})
