"""What a run needs to go on is there whole, or the state before it is."""

import shutil

import pytest
import torch

from dreambooth.config.folders import RunFolder
from dreambooth.training.errors import StateError
from dreambooth.training.state import (
    Snapshot,
    load_snapshot,
    save_snapshot,
)


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def snapshot(step: int) -> Snapshot:
    return Snapshot(
        step, {"weights": {"unet/a.b": torch.full((3,), float(step))}, "none": {}}, {"scale": 0.1}
    )


def state_folders(run) -> list[str]:
    return sorted(path.name for path in run.state.iterdir())


def test_there_is_no_state_before_the_first(run):
    assert load_snapshot(run) is None


def test_state_is_loaded_as_it_was_saved(run):
    save_snapshot(run, snapshot(3))
    loaded = load_snapshot(run)
    assert (loaded.step, loaded.values) == (3, {"scale": 0.1})
    assert loaded.tensors["weights"]["unet/a.b"].tolist() == [3.0] * 3
    assert loaded.tensors["none"] == {}


def test_only_the_latest_state_is_kept(run):
    for step in (1, 2, 3):
        save_snapshot(run, snapshot(step))
    assert state_folders(run) == ["latest.json", "step-00000003"]


def test_same_step_may_be_saved_twice(run):
    save_snapshot(run, snapshot(3))
    save_snapshot(run, Snapshot(3, {"weights": {}}, {"scale": 2.0}))
    assert load_snapshot(run).values == {"scale": 2.0}
    assert len(state_folders(run)) == 2


@pytest.mark.parametrize("leftover", ["step-00000007.partial", "step-00000007"])
def test_half_written_state_of_a_killed_run_is_not_used(run, leftover):
    save_snapshot(run, snapshot(3))
    shutil.copytree(run.state / "step-00000003", run.state / leftover)
    assert load_snapshot(run).step == 3
    save_snapshot(run, snapshot(7))
    assert load_snapshot(run).step == 7
    assert len(state_folders(run)) == 2


@pytest.mark.parametrize("name", ["weights.safetensors", "values.json"])
def test_damaged_state_is_refused_in_words(run, name):
    save_snapshot(run, snapshot(3))
    file = run.state / "step-00000003" / name
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(StateError, match=r"is damaged .*start a new run without --resume"):
        load_snapshot(run)
