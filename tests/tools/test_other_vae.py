import pytest
import torch
from safetensors.torch import load_file

from dreambooth.models.names import names_of
from dreambooth.models.single_file import CheckpointError, write_checkpoint
from dreambooth.tools.merge_checkpoints import MergeRequest, merge_checkpoints
from dreambooth.toybox.architecture import TOYBOX
from tests.models.random_checkpoint import build_parts, checkpoint_tensors
from tests.tools.small_files import quiet

PREFIX = "first_stage_model."


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "toy.safetensors"
    write_checkpoint(path, checkpoint_tensors(build_parts()), {})
    return path


@pytest.fixture(scope="module")
def other_vae():
    """In diffusers' names."""
    return {name: tensor + 1 for name, tensor in build_parts()["vae"].state_dict().items()}


@pytest.mark.parametrize("spelling", ["diffusers", "alone", "whole"])
def test_a_vae_in_any_spelling_takes_the_place_of_the_first_one(source, other_vae, tmp_path, spelling):
    original = names_of(TOYBOX).original("vae", other_vae)
    contents = {
        "diffusers": other_vae,
        "alone": {name.removeprefix(PREFIX): tensor for name, tensor in original.items()},
        "whole": original,
    }
    write_checkpoint(tmp_path / "vae.safetensors", contents[spelling], {})
    asked = MergeRequest(primary=source, secondary=source, vae=tmp_path / "vae.safetensors")
    merged = merge_checkpoints(asked, tmp_path / "x.safetensors", quiet)
    written = load_file(tmp_path / "x.safetensors")
    assert all(torch.equal(written[name], tensor.half()) for name, tensor in original.items())
    assert merged.num_changed == len(original)
    assert merged.moved.keys() == {"first_stage_model"}


def test_a_vae_that_does_not_fit_is_refused(source, other_vae, tmp_path):
    write_checkpoint(tmp_path / "vae.safetensors", dict([*other_vae.items()][:-1]), {})
    asked = MergeRequest(primary=source, secondary=source, vae=tmp_path / "vae.safetensors")
    with pytest.raises(CheckpointError, match="is no VAE for this model"):
        merge_checkpoints(asked, tmp_path / "x.safetensors", quiet)
