import os
import pickle
import shutil
import sys
from collections import namedtuple
from types import ModuleType

import numpy as np
import pytest
import torch

from dreambooth.models.single_file import CheckpointError, read_checkpoint, write_checkpoint
from dreambooth.models.source import planned_tensor
from dreambooth.models.streaming import write_safetensors

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "number": torch.tensor(3), "v_pred": torch.zeros(0)}


def assert_same(read, written):
    assert read.keys() == written.keys()
    assert all(torch.equal(read[name], written[name]) for name in written)


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_what_is_written_is_read(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    write_checkpoint(path, TENSORS, {"modelspec.title": "x"})
    checkpoint = read_checkpoint(path)
    assert_same(checkpoint.tensors, TENSORS)
    assert checkpoint.metadata == {"modelspec.title": "x"}
    assert checkpoint.shapes == {"a": (2, 3), "number": (), "v_pred": (0,)}
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_kinds_are_told_and_tensors_planned_to_be_written_again(tmp_path, suffix):
    tensors = {**TENSORS, "half": torch.ones(2, dtype=torch.float16)}
    write_checkpoint(tmp_path / f"x{suffix}", tensors, {})
    checkpoint = read_checkpoint(tmp_path / f"x{suffix}")
    planned = {name: planned_tensor(checkpoint, name) for name in checkpoint.tensors}
    assert {name: plan.dtype for name, plan in planned.items()} == {n: t.dtype for n, t in tensors.items()}
    write_safetensors(tmp_path / "y.safetensors", planned, {})
    assert_same(read_checkpoint(tmp_path / "y.safetensors").tensors, tensors)


def test_a_tensor_is_read_into_memory_of_its_own(tmp_path):
    write_checkpoint(tmp_path / "x.safetensors", {"a": torch.zeros(10), "b": torch.ones(10**6)}, {})
    tensors = read_checkpoint(tmp_path / "x.safetensors").tensors
    assert tensors["a"].untyped_storage().nbytes() == 40
    tensors["a"].add_(1)
    assert tensors["a"].sum() == 0


def test_of_a_view_only_what_it_shows_is_written(tmp_path):
    write_checkpoint(tmp_path / "x.ckpt", {"a": torch.zeros(100_000)[:10]}, {})
    assert (tmp_path / "x.ckpt").stat().st_size < 10_000


@pytest.mark.parametrize(("written_as", "named"), [(".safetensors", "x.ckpt"), (".ckpt", "x.safetensors")])
def test_the_content_tells_the_format(tmp_path, written_as, named):
    write_checkpoint(tmp_path / f"y{written_as}", TENSORS, {})
    (tmp_path / f"y{written_as}").rename(tmp_path / named)
    assert_same(read_checkpoint(tmp_path / named).tensors, TENSORS)


@pytest.mark.parametrize("zipped", [True, False])
def test_state_dict_is_unwrapped_and_numbers_around_it_are_kept(tmp_path, zipped):
    content = {"state_dict": {"state_dict": TENSORS}, "epoch": 7, "loss": np.float64(0.5)}
    torch.save(content, tmp_path / "x.ckpt", _use_new_zipfile_serialization=zipped)
    checkpoint = read_checkpoint(tmp_path / "x.ckpt")
    assert_same(checkpoint.tensors, TENSORS)
    assert checkpoint.metadata["epoch"] == "7"


def test_lightnings_notes_in_old_dumps_are_ignored(tmp_path, monkeypatch):
    name = "pytorch_lightning.callbacks.model_checkpoint"
    callback = type("ModelCheckpoint", (), {"__module__": name})
    module = ModuleType(name)
    module.ModelCheckpoint = callback
    with monkeypatch.context() as installed:
        for parent in ("pytorch_lightning", "pytorch_lightning.callbacks"):
            installed.setitem(sys.modules, parent, ModuleType(parent))
        installed.setitem(sys.modules, name, module)
        torch.save({"state_dict": TENSORS, "callbacks": {callback: {"monitor": "loss"}}}, tmp_path / "x.ckpt")
    assert_same(read_checkpoint(tmp_path / "x.ckpt").tensors, TENSORS)


class Evil:
    def __reduce__(self):
        return os.system, ("echo executed > executed",)


@pytest.mark.parametrize(
    "save", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content, protocol=2))]
)
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path, monkeypatch, save):
    monkeypatch.chdir(tmp_path)
    save({"a": Evil()}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match=r"wants to run code \(\w+\.system\)"):
        read_checkpoint(tmp_path / "x.ckpt")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_refused(tmp_path, suffix, share):
    path = tmp_path / f"x{suffix}"
    write_checkpoint(path, {"a": torch.zeros(5000)}, {})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(CheckpointError, match="damaged or incomplete"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"<html>not found</html>", "is not a checkpoint"),
        (b"PK\x03\x04 another zip", "damaged"),
        (pickle.dumps([1, 2], protocol=2), "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path, content, sentence):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match=sentence):
        read_checkpoint(tmp_path / "x.ckpt")


def test_a_missing_file_and_one_without_tensors_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no file"):
        read_checkpoint(tmp_path / "x.safetensors")
    torch.save([torch.zeros(1)], tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="holds a list"):
        read_checkpoint(tmp_path / "x.ckpt")
    torch.save({"epoch": 1}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="holds no tensors"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_nan_is_refused_and_the_earlier_file_stays(tmp_path):
    path = tmp_path / "x.safetensors"
    write_checkpoint(path, TENSORS, {})
    with pytest.raises(CheckpointError, match="a holds NaN"):
        write_checkpoint(path, {"a": torch.tensor([1.0, float("nan")])}, {})
    assert_same(read_checkpoint(path).tensors, TENSORS)


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_checkpoint(tmp_path / "x.safetensors", TENSORS, {"step": 3})
    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_a_write_that_the_system_stops_leaves_the_earlier_file(tmp_path, suffix):
    import resource

    path = tmp_path / f"x{suffix}"
    write_checkpoint(path, TENSORS, {})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(CheckpointError, match="cannot be written"):
            write_checkpoint(path, {"a": torch.zeros(100_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_same(read_checkpoint(path).tensors, TENSORS)
    assert [*tmp_path.iterdir()] == [path]


def test_too_little_space_is_refused_before_writing(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(CheckpointError, match="GiB free"):
        write_checkpoint(tmp_path / "new" / "x.safetensors", TENSORS, {})
    assert [*tmp_path.iterdir()] == []
