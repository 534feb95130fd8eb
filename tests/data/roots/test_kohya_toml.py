"""Datasets as kohya's scripts describe them."""

import re
import sys

import pytest

from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.data.errors import DataError
from dreambooth.data.roots.kohya_toml import ELSEWHERE
from dreambooth.data.roots.opening import list_root

DATASET = """
[general]
shuffle_caption = true
keep_tokens = 2
caption_extension = ".txt"

[[datasets]]
resolution = 768

  [[datasets.subsets]]
  image_dir = "dogs"
  class_tokens = "sks dog"
  num_repeats = 10
  flip_aug = true
  caption_prefix = "photo of"
  caption_dropout_rate = 0.1
  caption_tag_dropout_rate = 0.2
  enable_wildcard = true
  alpha_mask = true

  [[datasets.subsets]]
  image_dir = "others"
  shuffle_caption = false
  is_reg = true
"""


@pytest.fixture
def dataset(lay_out):
    """Two subsets, of which one holds regularisation images."""
    return lay_out(
        {
            "data.toml": DATASET,
            "dogs/1.jpg": "",
            "dogs/2.jpg": "",
            "dogs/2.txt": "a dog, in snow",
            "dogs/2.caption": "is not read",
            "dogs/inner/3.jpg": "",
            "others/a.jpg": "",
            "others/a.txt": "a cat",
        }
    )


def test_subsets_say_what_their_pictures_are_called(dataset, captions_of):
    assert captions_of(dataset / "data.toml") == {
        "1.jpg": "photo of sks dog",
        "2.jpg": "photo of a dog, in snow",
        "a.jpg": "a cat",
    }


def test_settings_of_a_subset_become_options_the_inner_ones_first(dataset, words_of):
    words = words_of(dataset / "data.toml")
    dog, other = words["1.jpg"].options, words["a.jpg"].options
    assert (dog.multiply, dog.quota) == (10, str(dataset / "dogs"))
    assert (dog.shuffle_tags, dog.keep_tags, dog.flip_p) == (True, 2, 0.5)
    assert (dog.cond_dropout, dog.tag_dropout, dog.wildcards, dog.alpha_mask) == (0.1, 0.2, True, True)
    assert (other.shuffle_tags, other.keep_tags) == (False, 2)
    assert (other.is_preservation, other.multiply) == (True, 1)


def test_what_holds_for_a_training_is_told_with_our_setting(dataset):
    assert list_root(dataset / "data.toml").warnings == (
        f"{dataset / 'data.toml'}: resolution = 768 is not used; set data.resolution, or the "
        "resolution of the concept",
    )


def test_metadata_of_a_subset_names_its_pictures(lay_out, captions_of):
    toml = '[[datasets]]\n[[datasets.subsets]]\nimage_dir = "img"\nmetadata_file = "meta.json"\n'
    place = lay_out({"data.toml": toml, "img/a.jpg": "", "meta.json": {"a": {"caption": "a cat"}}})
    assert captions_of(place / "data.toml") == {"a": "a cat"}


def test_dataset_may_be_json(lay_out, captions_of):
    place = lay_out({"img/a.jpg": "", "data.json": {"datasets": [{"subsets": [{"image_dir": "img"}]}]}})
    assert captions_of(place / "data.json") == {"a.jpg": "a"}


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("[general", "is not toml"),
        ("[general]\nseed = 1", "is no dataset of kohya's"),
        ("[[datasets]]\nresolution = 512", "has no .*subsets"),
        ("[[datasets]]\n[[datasets.subsets]]\nnum_repeats = 1", "names no image_dir"),
        ('[[datasets]]\n[[datasets.subsets]]\nimage_dir = "gone"', "gone does not exist"),
    ],
)
def test_dataset_that_makes_no_sense_is_refused_in_words(lay_out, toml, told):
    with pytest.raises(DataError, match=told):
        list_root(lay_out({"data.toml": toml}) / "data.toml")


def test_python_without_toml_is_told_what_to_do(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "tomllib", None)
    monkeypatch.setitem(sys.modules, "tomli", None)
    with pytest.raises(DataError, match=r"needs the package tomli for toml.*or save the dataset as JSON"):
        list_root(dataset / "data.toml")


def test_every_setting_that_is_advised_exists():
    known = {setting.name for setting in describe_settings(TrainConfig)}
    named = {name for advice in ELSEWHERE.values() for name in re.findall(r"set ([a-z]+\.[a-z_]+)", advice)}
    assert len(named) > 10
    assert named <= known
