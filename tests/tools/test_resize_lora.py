import hashlib

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dreambooth.adapters.errors import AdapterError
from dreambooth.models.single_file import write_checkpoint
from dreambooth.tools.low_rank import RankRule
from dreambooth.tools.resize_lora import resize_lora
from tests.tools.small_files import quiet
from tests.tools.small_loras import CONV, LINEAR, TEXT, changes, changes_of, small_lora, write_lora_file


@pytest.fixture
def resize(tmp_path):
    """Resizes a LoRA given as tensors; returns the new file and what was said of it."""

    def resize_file(tensors, rule, dtype=None):
        path = write_lora_file(tmp_path / "lora.safetensors", tensors)
        written = resize_lora(path, rule, tmp_path / "resized.safetensors", dtype, quiet)
        return written.path, written

    return resize_file


def norm(tensors) -> float:
    return torch.cat([tensor.flatten() for tensor in tensors.values()]).norm().item()


def test_full_rank_changes_nothing(resize):
    tensors = small_lora(0)
    path, written = resize(tensors, RankRule(rank=99, conv_rank=99))
    now, before = changes_of(path), changes(tensors)
    assert all(torch.allclose(now[module], before[module], atol=1e-5) for module in before)
    assert (written.kept, written.ranks, written.num_modules) == (pytest.approx(1), (6, 6), 3)


def test_what_is_said_to_be_kept_is_kept(resize):
    tensors = small_lora(0)
    path, written = resize(tensors, RankRule(rank=2, conv_rank=3))
    before, now = changes(tensors), changes_of(path)
    lost = norm({module: before[module] - now[module] for module in before}) / norm(before)
    assert written.kept == pytest.approx((1 - lost**2) ** 0.5, rel=1e-4)
    read = load_file(path)
    assert [read[f"{module}.lora_up.weight"].shape[1] for module in (LINEAR, CONV, TEXT)] == [2, 3, 2]
    assert read[f"{CONV}.lora_up.weight"].shape == (12, 3, 1, 1)


def test_the_wished_share_is_kept_with_as_few_ranks_as_it_needs(resize):
    _, written = resize(small_lora(0), RankRule(rank=99, conv_rank=99, method="sv_fro", share=0.9))
    assert 0.9 <= written.kept < 1
    assert written.ranks[0] < 6


def test_a_tucker_core_becomes_part_of_the_lower_matrix(resize):
    tensors = small_lora(0, shapes={CONV: (12, 10, 1, 1)})
    tensors[f"{CONV}.lora_mid.weight"] = torch.randn(6, 6, 3, 3)
    path, _ = resize(tensors, RankRule(rank=99, conv_rank=99))
    assert torch.allclose(changes_of(path)[CONV], changes(tensors)[CONV], atol=1e-4)


def test_alpha_is_the_rank_and_precision_that_of_the_file_or_as_asked(resize):
    tensors = {name: tensor.half() for name, tensor in small_lora(0).items()}
    read = load_file(resize(tensors, RankRule(rank=2, conv_rank=3))[0])
    assert (read[f"{LINEAR}.alpha"].item(), read[f"{CONV}.alpha"].item()) == (2, 3)
    assert {tensor.dtype for tensor in read.values()} == {torch.float16}
    read = load_file(resize(tensors, RankRule(rank=2, conv_rank=3), torch.bfloat16)[0])
    assert {tensor.dtype for tensor in read.values()} == {torch.bfloat16}


def test_metadata_tell_what_was_done_and_keep_what_stays_true(resize):
    path, _ = resize(small_lora(0), RankRule(rank=2, conv_rank=3))
    with safe_open(path, framework="pt") as file:
        told = file.metadata()
    content = path.read_bytes()
    body = content[8 + int.from_bytes(content[:8], "little") :]
    assert told["sshs_model_hash"] == hashlib.sha256(body).hexdigest()
    assert told["ss_training_comment"].startswith("resized from lora.safetensors, ")
    assert (told["ss_network_dim"], told["ss_network_alpha"], told["ss_seed"]) == ("2", "2.0", "3")
    assert told["ss_network_args"] == '{"conv_dim": "3", "conv_alpha": "3.0"}'
    assert told["ss_output_name"] == "resized"
    assert told["modelspec.date"] > "2020-01-01"


def test_other_kinds_of_file_are_refused(resize, tmp_path):
    rule = RankRule(rank=2, conv_rank=2)
    with pytest.raises(AdapterError, match="is no plain LoRA"):
        resize({**small_lora(0), f"{LINEAR}.dora_scale": torch.ones(1, 10)}, rule)
    with pytest.raises(AdapterError, match="is no plain LoRA"):
        resize({f"{LINEAR}.diff": torch.ones(12, 10)}, rule)
    write_checkpoint(tmp_path / "model.safetensors", {"model.weight": torch.ones(1)}, {})
    with pytest.raises(AdapterError, match="is no LoRA file"):
        resize_lora(tmp_path / "model.safetensors", rule, tmp_path / "x.safetensors", None, quiet)
    path = write_lora_file(tmp_path / "lora.safetensors", small_lora(0))
    with pytest.raises(AdapterError, match="must end with"):
        resize_lora(path, rule, tmp_path / "x.ckpt", None, quiet)
