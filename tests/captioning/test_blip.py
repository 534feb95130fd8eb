"""BLIP describes pictures."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from dreambooth.captioning.blip import DEVIATION, MEAN, load_blip, to_input
from dreambooth.data.errors import DataError

CPU = torch.device("cpu")


def test_picture_is_described_in_words_of_the_model(blip):
    describe = load_blip(blip, CPU)
    words = describe(Image.new("RGB", (50, 70), "red"))
    assert re.fullmatch(r"w\d+( w\d+)*", words)
    assert describe(Image.new("RGB", (50, 70), "red")) == words


def test_words_follow_from_the_picture(blip):
    describe = load_blip(blip, CPU)
    noise = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    assert len({describe(Image.fromarray(picture)) for picture in noise}) > 1


def test_colours_are_scaled_as_the_models_own_file_says(blip, tmp_path):
    white = to_input(Image.new("RGB", (9, 9), "white"), 32)
    assert white.shape == (1, 3, 32, 32)
    expected = [(1 - mean) / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True)]
    assert torch.allclose(white[0, :, 5, 5], torch.tensor(expected))
    other = shutil.copytree(blip, tmp_path / "blip")
    (other / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [90] * 3, "image_std": [0.01] * 3})
    )
    noise = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    pictures = [Image.fromarray(picture) for picture in noise]
    assert list(map(load_blip(blip, CPU), pictures)) != list(map(load_blip(other, CPU), pictures))


@pytest.mark.parametrize("damage", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_folder_without_a_blip_is_refused(blip, tmp_path, damage):
    folder = shutil.copytree(blip, tmp_path / "blip")
    (folder / damage).write_text("{")
    with pytest.raises(DataError):
        load_blip(folder, CPU)


def test_weights_of_another_model_are_refused(blip, tmp_path):
    folder = shutil.copytree(blip, tmp_path / "blip")
    save_file({"a.weight": torch.ones(3)}, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match="weights of another model"):
        load_blip(folder, CPU)


def test_pickle_in_the_place_of_weights_is_refused(blip, tmp_path):
    folder = shutil.copytree(blip, tmp_path / "blip")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="no BLIP that can be loaded"):
        load_blip(folder, CPU)
