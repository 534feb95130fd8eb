"""What a checkpoint predicts when nobody says it."""

import pytest
import torch

from dreambooth.models.prediction import LEAST_SPREAD_OF_V, TELLING_BIAS, find_prediction
from dreambooth.models.single_file import Checkpoint, CheckpointError

SD2 = "cond_stage_model.model.ln_final.weight"


def checkpoint(tmp_path, *names, spread=0.0, **metadata):
    tensors = {name: torch.zeros(2) for name in names}
    tensors[TELLING_BIAS] = torch.tensor([-1.0, 1.0]) * spread / 2**0.5
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    told = {f"modelspec.{name}": value for name, value in metadata.items()}
    return Checkpoint(tmp_path / "x.safetensors", tensors, shapes, told)


def find(tmp_path, *names, **told):
    return find_prediction(checkpoint(tmp_path, *names, **told), tmp_path / "x.yaml")


@pytest.mark.parametrize(("told", "predicts"), [({}, "epsilon"), ({"prediction_type": "v"}, "v_prediction")])
def test_metadata_tell_and_without_them_it_is_the_noise(tmp_path, told, predicts):
    assert find(tmp_path, **told) == predicts


def test_marker_decides_before_the_metadata(tmp_path):
    assert find(tmp_path, "v_pred", prediction_type="epsilon") == "v_prediction"


@pytest.mark.parametrize("line", ['parameterization: "v"', "parameterization: v", "parameterization: 'v'"])
def test_yaml_beside_the_file_tells(tmp_path, line):
    (tmp_path / "x.yaml").write_text(f"model:\n  params:\n    {line}\n")
    assert find(tmp_path) == "v_prediction"
    assert find(tmp_path, prediction_type="epsilon") == "epsilon"


def test_yaml_that_says_nothing_of_it_decides_nothing(tmp_path):
    (tmp_path / "x.yaml").write_text("model:\n  params:\n    linear_start: 0.00085\n")
    assert find(tmp_path) == "epsilon"


def test_weights_of_stable_diffusion_2_tell_by_their_spread(tmp_path):
    assert find(tmp_path, SD2, spread=1.1 * LEAST_SPREAD_OF_V) == "v_prediction"
    assert find(tmp_path, SD2, spread=0.9 * LEAST_SPREAD_OF_V) == "epsilon"
    assert find(tmp_path, spread=1.1 * LEAST_SPREAD_OF_V) == "epsilon"


def test_unknown_prediction_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="'flow'"):
        find(tmp_path, prediction_type="flow")
