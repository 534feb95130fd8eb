"""Models in other forms."""

import pytest
import torch

from dreambooth.models.create import read_source
from dreambooth.models.names import POSITION_IDS, ema_name
from dreambooth.models.single_file import read_checkpoint, write_checkpoint
from dreambooth.tools.convert_model import convert_model, pruned
from tests.models.tiny import FAMILIES, SD1, original_shapes, random_tensors, write_tiny


def quietly(_, __):
    pass


@pytest.mark.parametrize("family", FAMILIES)
def test_folder_and_back_is_the_same_file(tmp_path, family):
    path = write_tiny(tmp_path / "tiny.safetensors", FAMILIES[family])
    convert_model(read_source(path), tmp_path / "folder", None, quietly)
    convert_model(read_source(tmp_path / "folder"), tmp_path / "back.ckpt", None, quietly)
    before, after = read_checkpoint(path), read_checkpoint(tmp_path / "back.ckpt")
    same = [name for name in before.shapes if torch.equal(before.tensors[name], after.tensors[name])]
    stand_ins = [name for name in before.shapes if "logit_scale" in name]
    unused = [name for name in before.shapes if "resblocks.3." in name or "model.text_projection" in name]
    others = set(stand_ins) | (set(unused) if family.startswith("sd2") else set())
    assert before.shapes.keys() - same <= others
    assert after.shapes == before.shapes


def test_precision_is_what_is_asked_for(tmp_path):
    source = read_source(write_tiny(tmp_path / "tiny.safetensors", SD1))
    convert_model(source, tmp_path / "half.safetensors", torch.float16, quietly)
    convert_model(source, tmp_path / "half", torch.float16, quietly)
    for half in (read_source(tmp_path / "half.safetensors"), read_source(tmp_path / "half")):
        assert {plan.dtype for part in half.parts.values() for plan in part.values()} == {torch.float16}


def test_pruned_is_without_all_but_weights(tmp_path):
    tensors = random_tensors(original_shapes(SD1))
    extra = {
        POSITION_IDS: torch.arange(77)[None],
        "betas": torch.zeros(1000),
        ema_name("model.diffusion_model.out.2.bias"): torch.zeros(4),
    }
    write_checkpoint(tmp_path / "full.safetensors", {**tensors, **extra}, {"modelspec.resolution": "64x64"})
    source = pruned(read_source(tmp_path / "full.safetensors"))
    convert_model(source, tmp_path / "pruned.safetensors", None, quietly)
    assert read_checkpoint(tmp_path / "pruned.safetensors").shapes.keys() == {*tensors, POSITION_IDS}


def test_progress_counts_all_weights(tmp_path):
    told = []
    source = read_source(write_tiny(tmp_path / "tiny.safetensors", SD1))
    convert_model(source, tmp_path / "x.safetensors", None, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(told), len(told))
    assert len(told) == sum(len(part) for part in source.parts.values())
