"""WD14 taggers: which tags are written, and what the model is shown."""

import sys

import numpy as np
import pytest
from PIL import Image

from dreambooth.captioning.tag_choice import Tag, choose_tags, in_words, read_tags
from dreambooth.captioning.wd14 import find_side, load_wd14, to_input
from dreambooth.data.errors import DataError

TAGS = [
    Tag("sensitive", 9),
    Tag("blue_sky", 0),
    Tag("^_^", 0),
    Tag("hatsune_miku", 4),
    Tag("snow", 0),
]


@pytest.mark.parametrize(
    ("shares", "threshold", "chosen"),
    [
        ([0.9, 0.4, 0.5, 0.9, 0.34], 0.35, ["hatsune miku", "^_^", "blue sky"]),
        ([0.9, 0.35, 0.1, 0.84, 0.1], 0.35, ["blue sky"]),
        ([0.9, 0.9, 0.9, 0.86, 0.95], 0.9, ["snow", "blue sky", "^_^"]),
        ([0.9, 0.3, 0.0, 0.0, 0.0], 0.35, []),
    ],
)
def test_tags_above_the_threshold_of_their_kind_are_written_the_surest_first(shares, threshold, chosen):
    assert choose_tags(TAGS, shares, threshold) == chosen


FACES = ("0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9", ">_o")
MORE_FACES = ("@_@", "^_^", "o_o", "u_u", "x_x", "|_|", "||_||")


@pytest.mark.parametrize("face", [*FACES, *MORE_FACES])
def test_faces_keep_their_mouth(face):
    assert in_words(face) == face


@pytest.mark.parametrize(
    ("tag", "words"),
    [("blue_sky", "blue sky"), ("1girl", "1girl"), ("k-on!_fan", "k-on! fan"), ("v_sign", "v sign")],
)
def test_other_tags_become_words(tag, words):
    assert in_words(tag) == words


def test_list_of_tags_is_read_in_its_order(tmp_path):
    path = tmp_path / "selected_tags.csv"
    path.write_text('tag_id,name,category,count\n1,general,9,5\n2,"a,b",0,4\n3,miku,4,3\n', encoding="utf-8")
    assert read_tags(path) == [Tag("general", 9), Tag("a,b", 0), Tag("miku", 4)]


@pytest.mark.parametrize("text", ["x,y\n1,2\n", "name,category\nmiku,x\n", "name,category\nmiku\n", None])
def test_other_lists_are_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "selected_tags.csv").write_text(text)
    with pytest.raises(DataError, match="no list of tags"):
        read_tags(tmp_path / "selected_tags.csv")


def test_model_sees_the_whole_picture_on_white_blue_first():
    pixels = to_input(Image.new("RGB", (40, 20), (255, 0, 0)), 8)
    assert (pixels.shape, pixels.dtype) == ((1, 8, 8, 3), np.float32)
    assert pixels[0, 4, 4].tolist() == [0, 0, 255]
    assert pixels[0, 0, 4].tolist() == [255, 255, 255]


def test_side_is_that_of_the_models_input():
    assert find_side(["batch", 448, 448, 3]) == 448
    for shape in (["batch", 3, 448, 448], [1, 448, 224, 3], ["batch", "h", "h", 3], [448]):
        with pytest.raises(DataError, match="no tagger of the WD14 family"):
            find_side(shape)


def test_without_onnxruntime_a_tagger_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as where it is not installed
    (tmp_path / "selected_tags.csv").write_text("name,category\nsnow,0\n")
    with pytest.raises(DataError, match="install it into the training environment"):
        load_wd14(tmp_path, 0.35)
