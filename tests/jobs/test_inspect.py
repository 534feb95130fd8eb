"""What a source is, told before a model is made from it."""

import threading

import pytest
import torch

from dreambooth.config.folders import RunFolder
from dreambooth.events import read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_tool
from dreambooth.locks import file_lock
from dreambooth.models.create import create_working, read_source
from dreambooth.models.names import ema_name
from dreambooth.models.single_file import read_checkpoint, write_checkpoint
from dreambooth.toybox import WEIGHTS_FILE
from tests.conftest import do
from tests.models.tiny import FAMILIES, write_tiny

TOYBOX = {"family": "sd1", "predicts": "epsilon", "is_inpainting": False, "resolution": 64, "has_ema": False}


@pytest.fixture
def inspect(tmp_path):
    """Looks at a source; returns the end of the job."""

    def look(source, **asked) -> dict:
        library = Library(tmp_path / "models")
        return do(prepare_tool(library, "inspect", {"source": str(source), **asked}))

    return look


def test_file_is_told_as_create_tells_it(inspect, library):
    told = inspect(WEIGHTS_FILE)["result"]
    create = prepare_run(library, library.folder("other"), "create", {"source": str(WEIGHTS_FILE)})
    made = do(create)["result"]
    assert told.items() >= TOYBOX.items()
    assert told["bytes"] == WEIGHTS_FILE.stat().st_size
    assert (told["num_weights"], told["dtype"]) == (made["num_weights"], made["dtype"])


def test_pickled_checkpoint_and_folder_are_the_same_model(inspect, tmp_path):
    tensors = dict(read_checkpoint(WEIGHTS_FILE).tensors)
    write_checkpoint(tmp_path / "toy.ckpt", tensors, {"modelspec.resolution": "64x64"})
    create_working(read_source(WEIGHTS_FILE), tmp_path / "working")
    (told, ckpt, folder) = (
        inspect(source)["result"] for source in (WEIGHTS_FILE, tmp_path / "toy.ckpt", tmp_path / "working")
    )
    weights = [file.stat().st_size for file in (tmp_path / "working").glob("*/*.safetensors")]
    assert folder.pop("bytes") == sum(weights)
    assert ckpt.pop("bytes") == (tmp_path / "toy.ckpt").stat().st_size
    assert told.pop("bytes")
    assert told == ckpt == folder


def test_inpainting_and_wishes_are_told(inspect, tmp_path):
    path = write_tiny(tmp_path / "tiny.safetensors", FAMILIES["sdxl inpainting"])
    told = inspect(path, predicts="v_prediction")["result"]
    assert (told["family"], told["is_inpainting"], told["predicts"]) == ("sdxl", True, "v_prediction")


def test_average_is_told_when_it_is_whole(inspect, tmp_path):
    tensors = dict(read_checkpoint(WEIGHTS_FILE).tensors)
    names = [name for name in tensors if name.startswith("model.diffusion_model.")]
    averages = {ema_name(name): tensors[name] for name in names}
    write_checkpoint(tmp_path / "whole.safetensors", {**tensors, **averages}, {})
    averages.pop(ema_name(names[0]))
    write_checkpoint(tmp_path / "part.safetensors", {**tensors, **averages}, {})
    assert inspect(tmp_path / "whole.safetensors")["result"]["has_ema"] is True
    assert inspect(tmp_path / "part.safetensors")["result"]["has_ema"] is False
    assert inspect(tmp_path / "part.safetensors", use_ema=True)["outcome"] == "refused"


def test_what_is_no_source_is_refused(inspect, tmp_path):
    write_checkpoint(tmp_path / "other.safetensors", {"a.weight": torch.ones(3)}, {})
    for source in ("other.safetensors", "missing.safetensors"):
        assert inspect(tmp_path / source)["outcome"] == "refused"


def test_model_of_the_hub_is_not_fetched_to_be_looked_at(tmp_path):
    end = do(prepare_tool(Library(tmp_path), "inspect", {"hub": "someone/something"}))
    assert "fetched first" in end["message"]


def test_looking_waits_for_nobody(library):
    run = prepare_tool(library, "inspect", {"source": str(WEIGHTS_FILE)})
    with file_lock(library.path / ".device.lock", waiting=lambda: None):
        thread = threading.Thread(target=do, args=(run,))
        thread.start()
        thread.join(60)
    assert [event["event"] for event in read_events(RunFolder(run.path))] == ["work", "end"]
