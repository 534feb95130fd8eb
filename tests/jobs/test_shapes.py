"""What the headers of a model's files tell is what a loaded model has."""

import pytest

from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ConfigError
from dreambooth.jobs.shapes import read_shapes
from dreambooth.models.create import create_working, read_source
from dreambooth.models.load import load_model
from dreambooth.training.estimate import shapes_of
from tests.models.tiny import FAMILIES, write_tiny


def test_headers_tell_the_shapes_of_the_loaded_toybox(folder):
    assert read_shapes(folder) == shapes_of(load_model(folder.working))


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl", "sdxl inpainting"])
def test_headers_tell_the_shapes_of_every_family(tmp_path, family):
    folder = ModelFolder(tmp_path / "tiny")
    create_working(read_source(write_tiny(tmp_path / "tiny.safetensors", FAMILIES[family])), folder.working)
    assert read_shapes(folder) == shapes_of(load_model(folder.working))


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x05\0\0\0\0\0\0\0[1,2]", b"\x02\0\0\0\0\0\0\0{"])
def test_a_damaged_file_is_refused_in_words(tmp_path, content):
    path = tmp_path / "dog" / "working" / "unet" / "diffusion_pytorch_model.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"weights in .* cannot be read"):
        read_shapes(ModelFolder(tmp_path / "dog"))


def test_a_model_without_weights_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="there are no weights"):
        read_shapes(ModelFolder(tmp_path))
