import pytest
import torch
from safetensors.torch import load_file

from dreambooth.models.single_file import CheckpointError
from dreambooth.tools.merge_checkpoints import Merged, MergeRequest, merge_checkpoints
from dreambooth.tools.parent import FIRST_LAYER
from tests.tools.small_files import AVERAGE, LAYER, POSITIONS, TEXT, quiet, small_tensors, write_small

A, B, C = (small_tensors(seed) for seed in range(3))


@pytest.fixture
def merge(tmp_path):
    """Merges checkpoints given as tensors; returns what was written and what was said of it."""

    def merge_files(a, b, c=None, **asked) -> tuple[dict, Merged]:
        files = {"primary": a, "secondary": b, "tertiary": c}
        paths = {
            role: write_small(tmp_path / f"{role}.safetensors", tensors)
            for role, tensors in files.items()
            if tensors
        }
        if c:
            asked["method"] = "add_difference"
        to = tmp_path / "merged.safetensors"
        merged = merge_checkpoints(MergeRequest(**paths, **asked), to, quiet)
        return load_file(to), merged

    return merge_files


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_weighted_sum_and_add_difference_are_what_they_say(merge):
    written, _ = merge(A, B, multiplier=0.3)
    torch.testing.assert_close(written[LAYER], 0.7 * A[LAYER] + 0.3 * B[LAYER])
    written, _ = merge(A, B, C, multiplier=0.8)
    torch.testing.assert_close(written[TEXT], A[TEXT] + 0.8 * (B[TEXT] - C[TEXT]))


@pytest.mark.parametrize("c", [None, C])
def test_multiplier_0_gives_the_first_bit_for_bit(merge, c):
    written, merged = merge({**A, AVERAGE: A[LAYER]}, B, c, multiplier=0.0)
    assert same(written, {**A, AVERAGE: A[LAYER]})
    assert (merged.num_changed, merged.moved) == (0, {})


def test_a_difference_added_to_what_it_was_taken_from_gives_the_second_exactly(merge):
    written, merged = merge(C, B, C, multiplier=1.0)
    assert same(written, B)
    assert merged.num_changed == 3


def test_multiplier_1_of_a_weighted_sum_gives_the_second_exactly(merge):
    assert same(merge(A, B, multiplier=1.0)[0], B)


def test_half_precision_is_merged_in_full_precision_and_rounded_once(merge):
    a, b, c = (small_tensors(seed, dtype=torch.float16) for seed in range(3))
    written, _ = merge(a, b, c, multiplier=0.7)
    exact = a[LAYER].double() + 0.7 * (b[LAYER].double() - c[LAYER].double())
    assert written[LAYER].dtype == torch.float16
    assert torch.equal(written[LAYER], exact.half())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_weights_are_written_in_the_precision_asked_for_and_nothing_else_is(merge, dtype):
    written, _ = merge(A, B, dtype=dtype)
    assert written[LAYER].dtype == written[TEXT].dtype == dtype
    assert torch.equal(written["betas"], A["betas"])
    assert torch.equal(written[POSITIONS], A[POSITIONS])


def test_precision_of_the_first_file_is_kept(merge):
    written, _ = merge(small_tensors(0, dtype=torch.bfloat16), B)
    assert written[LAYER].dtype == torch.bfloat16


def test_values_too_large_for_the_precision_are_refused(merge, tmp_path):
    with pytest.raises(CheckpointError, match="too large for float16"):
        merge(A, {**B, LAYER: torch.full((4, 8), 1e6)}, dtype=torch.float16)
    assert not (tmp_path / "merged.safetensors").exists()


def test_of_an_inpainting_model_the_first_four_channels_are_merged(merge):
    nine = small_tensors(0, inputs=9)
    written, _ = merge(nine, B, C, multiplier=1.0)
    expected = nine[FIRST_LAYER].clone()
    expected[:, :4] += B[FIRST_LAYER] - C[FIRST_LAYER]
    torch.testing.assert_close(written[FIRST_LAYER], expected)
    with pytest.raises(CheckpointError, match=r"give secondary\.safetensors, which takes more"):
        merge(A, nine)
    with pytest.raises(CheckpointError, match="different kinds"):
        merge(nine, nine, C)


def test_what_the_second_lacks_stays_and_what_only_it_has_is_dropped(merge):
    written, merged = merge({**A, "model.extra": torch.ones(2)}, {**B, "model.other": torch.ones(2)})
    assert written["model.extra"].tolist() == [1, 1]
    assert "model.other" not in written
    assert (merged.num_kept, merged.num_dropped) == (1, 1)


def test_what_the_third_lacks_stays_as_in_the_first(merge):
    extra = {"model.extra": torch.ones(2)}
    written, merged = merge({**A, **extra}, {**B, "model.extra": torch.zeros(2)}, C)
    assert written["model.extra"].tolist() == [1, 1]
    assert merged.num_kept == 1


def test_an_average_is_merged_when_all_have_it_and_left_out_otherwise(merge):
    averages = [{**tensors, AVERAGE: tensors[LAYER] + 1} for tensors in (A, B)]
    written, merged = merge(*averages, multiplier=0.5)
    torch.testing.assert_close(written[AVERAGE], written[LAYER] + 1)
    assert merged.num_left_out == 0
    written, merged = merge(averages[0], B)
    assert AVERAGE not in written
    assert merged.num_left_out == 1


def test_tensors_that_the_pattern_finds_are_left_out(merge):
    written, merged = merge(A, B, discard="^cond_stage|betas")
    assert written.keys() == {FIRST_LAYER, LAYER}
    assert merged.num_discarded == 3


def test_the_oldest_spelling_of_the_text_encoder_is_understood(merge):
    old = {name.replace(".text_model", ""): tensor for name, tensor in B.items()}
    assert same(merge(A, old, multiplier=1.0)[0], B)


def test_how_far_the_weights_moved_is_told(merge):
    _, merged = merge(A, {**A, TEXT: 1.5 * A[TEXT]}, multiplier=1.0)
    assert merged.num_changed == 1
    assert merged.moved == {"cond_stage_model": pytest.approx(0.5)}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"method": "add_difference"}, "needs a third checkpoint"),
        ({"multiplier": float("nan")}, "must be a number"),
        ({"discard": "("}, "no regular expression"),
        ({"discard": ""}, "different kinds"),
    ],
)
def test_what_cannot_be_done_is_refused(merge, tmp_path, asked, sentence):
    other = {**B, LAYER: torch.zeros(4, 9)} if asked == {"discard": ""} else B
    with pytest.raises(CheckpointError, match=sentence):
        merge(A, other, **asked)
    assert not (tmp_path / "merged.safetensors").exists()


def test_another_u_net_and_other_files_are_refused(merge):
    with pytest.raises(CheckpointError, match=r"secondary\.safetensors lacks model\.diffusion_model\.label"):
        merge({**A, "model.diffusion_model.label": torch.ones(1)}, B)
    with pytest.raises(CheckpointError, match=r"secondary\.safetensors is a LoRA file"):
        merge(A, {"lora_unet_mid.lora_up.weight": torch.ones(1)})
    with pytest.raises(CheckpointError, match="no Stable Diffusion checkpoint"):
        merge({"model.weight": torch.ones(1)}, B)


def test_what_a_yaml_tells_of_the_first_model_goes_along(merge, tmp_path):
    merge(A, B)
    assert not (tmp_path / "merged.yaml").exists()
    (tmp_path / "secondary.yaml").write_text("second")
    merge(A, B)
    assert (tmp_path / "merged.yaml").read_text() == "second"
    (tmp_path / "primary.yaml").write_text("first")
    merge(A, B)
    assert (tmp_path / "merged.yaml").read_text() == "first"


def test_progress_is_told_to_the_end(tmp_path):
    told = []
    path = write_small(tmp_path / "a.safetensors", A)
    asked = MergeRequest(primary=path, secondary=path)
    merge_checkpoints(asked, tmp_path / "b.ckpt", lambda done, total: told.append((done, total)))
    assert told == [(number, 5) for number in range(1, 6)]
