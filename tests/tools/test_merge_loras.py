import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dreambooth.adapters.errors import AdapterError
from dreambooth.tools.low_rank import RankRule
from dreambooth.tools.merge_loras import merge_loras
from dreambooth.tools.weighted import Weighted
from tests.tools.small_files import quiet
from tests.tools.small_loras import (
    CONV,
    LINEAR,
    METADATA,
    SHAPES,
    TEXT,
    changes,
    changes_of,
    small_lora,
    write_lora_file,
)

A, B = small_lora(0), small_lora(1, rank=4, alpha=1.0)


@pytest.fixture
def merge(tmp_path):
    """Merges two LoRA files; returns the path of the result and what was said of it."""

    def merge_files(a, b, strengths=(1.0, 1.0), rule=None, metadata=(METADATA, METADATA)):
        loras = [
            Weighted(write_lora_file(tmp_path / f"{name}.safetensors", tensors, told), strength)
            for name, tensors, strength, told in zip("ab", (a, b), strengths, metadata, strict=True)
        ]
        written = merge_loras(loras, rule, tmp_path / "merged.safetensors", None, quiet)
        return written.path, written

    return merge_files


def expected(strengths=(1.0, 1.0)) -> dict[str, torch.Tensor]:
    a, b = changes(A), changes(B)
    return {module: strengths[0] * a[module] + strengths[1] * b[module] for module in a}


@pytest.mark.parametrize("strengths", [(1.0, 1.0), (0.5, -1.25)])
def test_side_by_side_is_exact(merge, strengths):
    path, written = merge(A, B, strengths)
    now = changes_of(path)
    assert all(torch.allclose(now[name], tensor, atol=1e-5) for name, tensor in expected(strengths).items())
    assert (written.ranks, written.kept) == ((10, 10), 1)


def test_text_encoders_may_have_a_strength_of_their_own(tmp_path):
    path = write_lora_file(tmp_path / "a.safetensors", A)
    merged = merge_loras(
        [Weighted(path, 1, 0.5), Weighted(path, 2)], None, tmp_path / "x.safetensors", None, quiet
    )
    now = changes_of(merged.path)
    assert torch.allclose(now[LINEAR], 3 * changes(A)[LINEAR], atol=1e-4)
    assert torch.allclose(now[TEXT], 2.5 * changes(A)[TEXT], atol=1e-4)


def test_cut_to_a_rank_it_is_the_best_of_that_rank(merge):
    path, written = merge(A, B, rule=RankRule(rank=3, conv_rank=4))
    now, whole = changes_of(path), expected()
    lost = (whole[LINEAR] - now[LINEAR]).norm()
    assert lost.item() == pytest.approx(torch.linalg.svdvals(whole[LINEAR])[3:].norm().item(), rel=1e-4)
    assert load_file(path)[f"{CONV}.alpha"].item() == 4
    assert 0 < written.kept < 1


def test_modules_that_only_one_has_are_that_ones(merge):
    only_text = {name: tensor for name, tensor in B.items() if name.startswith(TEXT)}
    path, _ = merge({name: tensor for name, tensor in A.items() if not name.startswith(TEXT)}, only_text)
    assert torch.allclose(changes_of(path)[TEXT], changes(B)[TEXT], atol=1e-5)
    assert torch.allclose(changes_of(path)[CONV], changes(A)[CONV], atol=1e-5)


def test_a_linear_layer_may_be_written_as_a_convolution(merge):
    pixels = small_lora(1, shapes={LINEAR: (*SHAPES[LINEAR], 1, 1)})
    path, _ = merge(A, pixels)
    added = changes(pixels, {LINEAR: SHAPES[LINEAR]})[LINEAR]
    assert torch.allclose(changes_of(path)[LINEAR], changes(A)[LINEAR] + added, atol=1e-5)


def test_metadata_keep_what_both_say_of_their_model(merge):
    path, _ = merge(A, B, (0.5, 2), metadata=(METADATA, {**METADATA, "ss_v2": "True"}))
    with safe_open(path, framework="pt") as file:
        told = file.metadata()
    assert told["ss_base_model_version"] == "sd_v1"
    assert told["modelspec.architecture"] == "stable-diffusion-v1/lora"
    assert told["ss_training_comment"] == "merged from 0.5 x a.safetensors, 2 x b.safetensors"
    assert told["modelspec.merged_from"] == "a.safetensors, b.safetensors"
    assert not {"ss_v2", "ss_seed"} & told.keys()


def test_files_for_different_models_are_refused(merge, tmp_path):
    with pytest.raises(AdapterError, match=r"a\.safetensors for sd_v1, b\.safetensors for sd_v2"):
        merge(A, B, metadata=(METADATA, {"ss_base_model_version": "sd_v2"}))
    with pytest.raises(AdapterError, match="has other shapes"):
        merge(A, small_lora(1, shapes={LINEAR: (12, 11)}))
    with pytest.raises(AdapterError, match="name the same layers differently"):
        merge(A, small_lora(1, shapes={"lora_unet_middle_block_1_proj_in": (12, 10)}))
    with pytest.raises(AdapterError, match="two LoRA files at least"):
        merge_loras([Weighted(tmp_path / "a.safetensors")], None, tmp_path / "x.safetensors", None, quiet)
