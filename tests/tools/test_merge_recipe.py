import hashlib
import json

import pytest
from safetensors import safe_open

from dreambooth.models.hashes import legacy_hash
from dreambooth.tools.merge_checkpoints import MergeRequest, merge_checkpoints
from tests.tools.small_files import quiet, small_tensors, write_small

NOBODY = "e3b0c442"  # the old hash of every small file: of nothing


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metadata_of(path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return file.metadata()


@pytest.fixture
def files(tmp_path):
    """Three parents; the first has a title and the recipe of its own parents."""
    told = {"modelspec.architecture": "stable-diffusion-v1", "ss_args": '{"a": 1}'}
    return [
        write_small(tmp_path / f"{name}.safetensors", small_tensors(seed), told)
        for seed, name in enumerate("abc")
    ]


def test_the_old_hash_is_of_64_kib_at_one_mib(tmp_path):
    (tmp_path / "x").write_bytes(bytes(range(256)) * 8192)
    expected = hashlib.sha256(bytes(range(256)) * 256).hexdigest()[:8]
    assert legacy_hash(tmp_path / "x") == expected


def test_recipe_is_what_webuis_write(files, tmp_path):
    a, b, c = files
    asked = MergeRequest(
        primary=a, secondary=b, tertiary=c, method="add_difference", multiplier=0.75, discard="betas"
    )
    merge_checkpoints(asked, tmp_path / "child.safetensors", quiet)
    assert json.loads(metadata_of(tmp_path / "child.safetensors")["sd_merge_recipe"]) == {
        "type": "webui",
        "primary_model_hash": sha256(a),
        "secondary_model_hash": sha256(b),
        "tertiary_model_hash": sha256(c),
        "interp_method": "Add difference",
        "multiplier": 0.75,
        "save_as_half": False,
        "custom_name": "child",
        "config_source": 0,
        "bake_in_vae": "None",
        "discard_weights": "betas",
        "is_inpainting": False,
        "is_instruct_pix2pix": False,
    }


def test_all_ancestors_are_told(files, tmp_path):
    a, b, c = files
    child, grandchild = tmp_path / "child.safetensors", tmp_path / "grandchild.safetensors"
    merge_checkpoints(MergeRequest(primary=a, secondary=b), child, quiet)
    merge_checkpoints(MergeRequest(primary=child, secondary=c), grandchild, quiet)
    ancestors = json.loads(metadata_of(grandchild)["sd_merge_models"])
    assert set(ancestors) == {sha256(path) for path in (a, b, c, child)}
    recipe = json.loads(metadata_of(child)["sd_merge_recipe"])
    assert ancestors[sha256(child)] == {
        "name": "child.safetensors",
        "legacy_hash": NOBODY,
        "sd_merge_recipe": recipe,
    }
    assert ancestors[sha256(a)]["sd_merge_recipe"] is None
    assert recipe["tertiary_model_hash"] is None


def test_nothing_else_looks_like_json_and_what_stays_true_is_kept(files, tmp_path):
    merge_checkpoints(MergeRequest(primary=files[0], secondary=files[1]), tmp_path / "{x}.safetensors", quiet)
    told = metadata_of(tmp_path / "{x}.safetensors")
    assert {key for key, value in told.items() if value.startswith("{")} == {
        "sd_merge_recipe",
        "sd_merge_models",
    }
    assert told["modelspec.architecture"] == "stable-diffusion-v1"
    assert told["modelspec.merged_from"] == "a.safetensors, b.safetensors"
    assert told["format"] == "pt"


def test_an_inpainting_parent_is_told(tmp_path):
    nine = write_small(tmp_path / "nine.safetensors", small_tensors(0, inputs=9))
    four = write_small(tmp_path / "four.safetensors", small_tensors(1))
    merge_checkpoints(MergeRequest(primary=nine, secondary=four), tmp_path / "x.safetensors", quiet)
    recipe = json.loads(metadata_of(tmp_path / "x.safetensors")["sd_merge_recipe"])
    assert (recipe["is_inpainting"], recipe["is_instruct_pix2pix"]) == (True, False)


def test_metadata_that_are_damaged_do_not_stop_a_merge(files, tmp_path):
    odd = write_small(tmp_path / "odd.safetensors", small_tensors(4), {"sd_merge_recipe": "{", "x": "1"})
    merge_checkpoints(MergeRequest(primary=odd, secondary=files[0]), tmp_path / "x.safetensors", quiet)
    ancestors = json.loads(metadata_of(tmp_path / "x.safetensors")["sd_merge_models"])
    assert ancestors[sha256(odd)]["sd_merge_recipe"] is None
