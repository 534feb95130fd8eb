"""Jobs on LoRA files, from the command line to the file."""

import pytest
import torch
from safetensors.torch import load_file

from dreambooth.cli import build_parser
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_tool
from dreambooth.tool_commands import LORA_TOOLS, describe_lora, parse_lora
from tests.conftest import do
from tests.models.tiny import FAMILIES, write_tiny
from tests.tools.small_loras import small_lora, write_lora_file
from tests.tools.tiny_models import adapt, load_file_as_model, save_adapter


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A checkpoint and a LoRA for it."""
    folder = tmp_path_factory.mktemp("tiny")
    base = write_tiny(folder / "base.safetensors", FAMILIES["sd1"])
    return base, save_adapter(
        adapt(load_file_as_model(base, folder / "working")), folder / "lora.safetensors"
    )


@pytest.fixture
def give(tmp_path):
    """Does in this process the job that a command gives; returns how it ended."""

    def do_command(*words: object) -> dict:
        asked = build_parser().parse_args(["lora", *map(str, words)])
        values = LORA_TOOLS[asked.action].values(asked)
        return do(prepare_tool(Library(tmp_path / "models"), f"lora_{asked.action}", values))

    return do_command


def test_a_lora_goes_into_a_checkpoint_and_comes_out_again(give, tiny, tmp_path):
    base, lora = tiny
    end = give("bake", base, f"{lora}=2,0", "--to", tmp_path / "baked.safetensors")
    assert (end["result"]["changed"], list(end["result"]["moved"])) == (192, ["unet"])
    again = tmp_path / "again.safetensors"
    end = give("extract", base, tmp_path / "baked.safetensors", "--rank", 4, "--to", again)
    assert (end["result"]["modules"], end["result"]["ranks"]) == (192, [4, 4])
    assert end["result"]["kept"] == pytest.approx(1, abs=1e-4)
    assert end["result"]["left_out"] == {"text_encoder": 0}


def test_loras_are_merged_resized_and_converted(give, tiny, tmp_path):
    base, lora = tiny
    both, small, other = (tmp_path / f"{name}.safetensors" for name in ("both", "small", "other"))
    end = give("merge", lora, f"{lora}=-0.5", "--to", both)
    assert (end["result"]["ranks"], end["result"]["kept"]) == ([8, 8], 1)
    end = give("resize", both, "--rank", 2, "--dtype", "bf16", "--to", small)
    assert end["result"]["ranks"] == [2, 2]
    assert {tensor.dtype for tensor in load_file(small).values()} == {torch.bfloat16}
    end = give("convert", small, "--layout", "diffusers", "--base", base, "--to", other)
    assert end["result"]["modules"] == 264 - 54
    assert all(name.startswith(("unet.", "text_encoder.")) for name in load_file(other))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("resize LORA --rank 0", "a rank is 1 at least"),
        ("resize LORA --rank 4 --share 0.5", "has a meaning with sv_ratio"),
        ("resize LORA --rank 4 --rank-method sv_fro --share 2", "lies between 0 and 1"),
        ("resize none --rank 4", "there is no file"),
        ("merge LORA LORA --conv-rank 4", "without --rank nothing is cut"),
        ("merge LORA", "two LoRA files at least"),
        ("convert LORA", "with --base"),
        ("bake LORA LORA", "a LoRA file, not a full model"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(give, tmp_path, words, sentence):
    path = write_lora_file(tmp_path / "lora.safetensors", small_lora(0))
    end = give(*words.replace("LORA", str(path)).split(), "--to", tmp_path / "x.safetensors")
    assert end["outcome"] == "refused"
    assert sentence in end["message"]
    assert not (tmp_path / "x.safetensors").exists()


def test_conv_ranks_and_shares_reach_the_file(give, tmp_path):
    path = write_lora_file(tmp_path / "lora.safetensors", small_lora(0))
    end = give("resize", path, "--rank", 2, "--conv-rank", 5, "--to", tmp_path / "a.safetensors")
    assert end["result"]["ranks"] == [2, 5]
    words = ["--rank", 6, "--rank-method", "sv_fro", "--share", 0.8, "--to", tmp_path / "b.safetensors"]
    end = give("resize", path, *words)
    assert 0.8 <= end["result"]["kept"] < 0.95


def test_a_new_lora_is_told_in_words():
    told = {"path": "x", "bytes": 9, "modules": 3, "ranks": [1, 4], "kept": 0.5, "outside": 0.25}
    assert describe_lora(told) == (
        "x: 9 bytes, 3 modules, ranks 1 to 4, 50.00% of the norm kept; "
        "25.00% lies in layers that are not in the file"
    )


@pytest.mark.parametrize(
    ("word", "name", "strength", "text_strength"),
    [
        ("a.safetensors", "a.safetensors", 1, None),
        ("a.safetensors=0.5", "a.safetensors", 0.5, None),
        ("a.safetensors=-1,0.25", "a.safetensors", -1, 0.25),
        ("a=b.safetensors", "a=b.safetensors", 1, None),
        ("a=b.safetensors=2", "a=b.safetensors", 2, None),
        ("a.safetensors=1,2,3", "a.safetensors=1,2,3", 1, None),
    ],
)
def test_strengths_are_what_follows_the_last_equals_sign(word, name, strength, text_strength):
    lora = parse_lora(word)
    assert lora["path"].endswith(f"/{name}")
    assert (lora["strength"], lora["text_strength"]) == (strength, text_strength)
