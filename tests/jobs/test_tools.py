"""Jobs on finished files."""

import json

import pytest
import torch
from safetensors.torch import load_file

from dreambooth.cli import main
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_tool
from tests.conftest import do
from tests.tools.small_files import LAYER, small_tensors, write_small
from tests.tools.small_loras import small_lora, write_lora_file


@pytest.fixture
def files(tmp_path):
    return [
        write_small(tmp_path / f"{name}.safetensors", small_tensors(seed)) for seed, name in enumerate("abc")
    ]


@pytest.fixture
def prepare_merge(files, tmp_path):
    """The run of a merge of the first two files."""

    def prepare(**asked):
        values = {
            "primary": str(files[0]),
            "secondary": str(files[1]),
            "method": "weighted_sum",
            "multiplier": 0.5,
            "discard": "",
            "to": str(tmp_path / "merged.safetensors"),
            "dtype": "keep",
            "overwrite": False,
        }
        return prepare_tool(Library(tmp_path / "models"), "merge", {**values, **asked})

    return prepare


def test_merge_is_done_and_told(prepare_merge, files):
    end = do(prepare_merge(tertiary=str(files[2]), method="add_difference", dtype="fp16"))
    result = end["result"]
    assert (end["outcome"], result["tensors"], result["changed"]) == ("done", 5, 3)
    assert set(result["moved"]) == {"model", "cond_stage_model"}
    assert load_file(result["path"])[LAYER].dtype == torch.float16


def test_each_percent_is_told_once_and_the_last(prepare_merge):
    run = prepare_merge()
    do(run)
    told = [event for event in read_events(run) if event["event"] == "progress"]
    assert [(event["done"], event["total"]) for event in told] == [(number, 5) for number in range(1, 6)]


def test_what_only_one_of_the_models_has_is_warned_of(prepare_merge, tmp_path):
    write_small(tmp_path / "b.safetensors", {**small_tensors(1), "model.only": torch.ones(1)})
    run = prepare_merge()
    do(run)
    (warning,) = (event["message"] for event in read_events(run) if event["event"] == "warning")
    assert warning == "1 tensors that only the second model has are not in the result"


def test_an_existing_file_is_replaced_only_when_asked(prepare_merge, tmp_path):
    there = write_small(tmp_path / "merged.safetensors", small_tensors(4))
    before = there.read_bytes()
    end = do(prepare_merge())
    assert (end["outcome"], there.read_bytes()) == ("refused", before)
    assert "exists already" in end["message"]
    assert do(prepare_merge(overwrite=True))["outcome"] == "done"
    assert there.read_bytes() != before


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"to": "."}, "is a folder"),
        ({"to": "x.zip"}, "must end with"),
        ({"primary": "none.safetensors"}, "there is no file"),
        ({"method": "add_difference"}, "needs a third checkpoint"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(prepare_merge, tmp_path, monkeypatch, asked, sentence):
    monkeypatch.chdir(tmp_path)
    end = do(prepare_merge(**asked))
    assert end["outcome"] == "refused"
    assert sentence in end["message"]


def test_a_merge_that_is_stopped_leaves_nothing(prepare_merge, tmp_path):
    run = prepare_merge()
    ask(run, "stop")
    assert do(run) == {"outcome": "stopped", "message": "stopped; nothing is written"}
    assert not [*tmp_path.glob("*merged*")]


def test_merge_at_the_command_line(files, tmp_path, capsys):
    to = tmp_path / "out" / "merged.safetensors"
    words = ["merge", *files[:2], "--multiplier", "1", "--to", to, "--json"]
    assert main(["--models-dir", str(tmp_path / "models"), *map(str, words)]) == 0
    (*_, last) = capsys.readouterr().out.splitlines()
    assert json.loads(last)["result"]["bytes"] == to.stat().st_size
    assert torch.equal(load_file(to)[LAYER], small_tensors(1)[LAYER])


def test_a_lora_tool_at_the_command_line(tmp_path, capsys):
    path = write_lora_file(tmp_path / "lora.safetensors", small_lora(0))
    words = ["lora", "resize", path, "--rank", "2", "--to", path, "--overwrite"]
    assert main(["--models-dir", str(tmp_path / "models"), *map(str, words)]) == 0
    assert "3 modules, rank 2, " in capsys.readouterr().out
